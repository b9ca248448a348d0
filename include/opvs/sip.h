/* SPDX-License-Identifier: GPL-2.0-only */
/* Kinds of SIP messages, by which those of services with an engine are counted. */
#ifndef OPVS_SIP_H
#define OPVS_SIP_H

/* What a datagram is; each is counted for itself.  The numbers are those of the
 * netlink attributes.
 */
enum opvs_sip_kind {
	OPVS_SIP_NONE,		/* nothing that is counted, or no SIP */

	OPVS_SIP_INVITE,	/* requests: RFC 3261 */
	OPVS_SIP_ACK,
	OPVS_SIP_BYE,
	OPVS_SIP_CANCEL,
	OPVS_SIP_REGISTER,
	OPVS_SIP_OPTIONS,
	OPVS_SIP_SUBSCRIBE,	/* RFC 6665 */
	OPVS_SIP_NOTIFY,
	OPVS_SIP_PRACK,		/* RFC 3262 */
	OPVS_SIP_UPDATE,	/* RFC 3311 */
	OPVS_SIP_INFO,		/* RFC 6086 */
	OPVS_SIP_MESSAGE,	/* RFC 3428 */
	OPVS_SIP_REFER,		/* RFC 3515 */
	OPVS_SIP_PUBLISH,	/* RFC 3903 */
	OPVS_SIP_OTHER,		/* of any other method */

	OPVS_SIP_1XX,		/* answers, by their class */
	OPVS_SIP_2XX,
	OPVS_SIP_3XX,
	OPVS_SIP_4XX,
	OPVS_SIP_5XX,
	OPVS_SIP_6XX,

	OPVS_SIP_KINDS,
};

#endif /* OPVS_SIP_H */
