/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines that messages in the tables are put together from. */
#ifndef OPVS_SIP_LINES_H
#define OPVS_SIP_LINES_H

#define EOL	"\r\n"
#define INVITE	"INVITE sip:bob@biloxi.example SIP/2.0" EOL
#define VIA	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK7" EOL
#define HEAD	"INVITE sip:bob@biloxi.example SIP/2.0" EOL VIA
#define TO	"To: Bob <sip:bob@biloxi.example>" EOL
#define CSEQ	"CSeq: 1 INVITE" EOL
#define TAIL	CSEQ "Content-Length: 0" EOL EOL

#endif /* OPVS_SIP_LINES_H */
