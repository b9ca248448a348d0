/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages and whether they may begin a session, by hand: the table behind the
 * KUnit suite and seeds of the fuzzer.  Each row is one whole datagram that has
 * a Call-ID.  Sections are those of RFC 3261 where no other is named.
 */
#ifndef OPVS_SIP_PHASE_CASES_H
#define OPVS_SIP_PHASE_CASES_H

#include "sip_lines.h"

struct sip_phase_case {
	const char *name;
	const char *text;
	unsigned int len;
	enum opvs_pe_phase phase;
};

#define SIP_FIRST(name, text) { name, text, sizeof(text) - 1, OPVS_PE_FIRST }
#define SIP_LATER(name, text) { name, text, sizeof(text) - 1, OPVS_PE_LATER }

#define ID	"i: k" EOL
/* An INVITE with this To header */
#define FIRST_TO(name, to)	SIP_FIRST(name, HEAD to EOL ID TAIL)
#define LATER_TO(name, to)	SIP_LATER(name, HEAD to EOL ID TAIL)
/* A request or response with this start line, and no tag */
#define FIRST_LINE(name, line)	SIP_FIRST(name, line EOL VIA TO ID TAIL)
#define LATER_LINE(name, line)	SIP_LATER(name, line EOL VIA TO ID TAIL)

static const struct sip_phase_case sip_phase_cases[] = {
	/* The tag of the To header: s8.1.1.2, s12.2.1.1 */
	FIRST_TO("no tag", "To: <sip:bob@b.example>"),
	FIRST_TO("no tag, display name", "To: Bob <sip:bob@b.example>"),
	FIRST_TO("no tag, without brackets", "To: sip:bob@b.example"),
	LATER_TO("tag", "To: <sip:bob@b.example>;tag=1"),
	LATER_TO("tag, display name", "To: Bob <sip:bob@b.example>;tag=1"),
	LATER_TO("tag, quoted name", "To: \"Bob\" <sip:bob@b.example>;tag=1"),
	LATER_TO("tag, without brackets", "To: sip:bob@b.example;tag=1"),
	LATER_TO("tag, tel URI", "To: tel:+15551234;tag=1"),
	SIP_LATER("tag after the Call-ID", HEAD ID "To: <sip:b@x>;tag=1" EOL TAIL),
	SIP_FIRST("no tag after the Call-ID", HEAD ID "To: <sip:b@x>" EOL TAIL),
	SIP_LATER("tag, To first", INVITE "To: <sip:b@x>;tag=1" EOL VIA ID TAIL),
	SIP_LATER("tag, To last", HEAD ID CSEQ "To: <sip:b@x>;tag=1" EOL EOL),
	SIP_FIRST("From has one, To has none",
		  HEAD "From: <sip:a@x>;tag=1" EOL TO ID TAIL),
	SIP_LATER("From has one, To too",
		  HEAD "From: <sip:a@x>;tag=1" EOL "To: <sip:b@x>;tag=2" EOL ID TAIL),
	SIP_FIRST("no To", HEAD ID TAIL),
	FIRST_TO("empty To", "To:"),
	FIRST_TO("blank To", "To: \t "),
	SIP_FIRST("two To, tag in the second",
		  HEAD "To: <sip:b@x>" EOL "To: <sip:b@x>;tag=1" EOL ID TAIL),
	SIP_LATER("two To, tag in the first",
		  HEAD "To: <sip:b@x>;tag=1" EOL "t: <sip:b@x>" EOL ID TAIL),

	/* The header's name: s7.3.1, s7.3.3, s20.39 */
	LATER_TO("compact", "t: <sip:b@x>;tag=1"),
	LATER_TO("compact, capital", "T: <sip:b@x>;tag=1"),
	LATER_TO("small letters", "to: <sip:b@x>;tag=1"),
	LATER_TO("capitals", "TO: <sip:b@x>;tag=1"),
	LATER_TO("small and capital", "tO: <sip:b@x>;tag=1"),
	LATER_TO("no blank after the colon", "To:<sip:b@x>;tag=1"),
	LATER_TO("blank before the colon", "To : <sip:b@x>;tag=1"),
	LATER_TO("tabs around the colon", "t\t:\t<sip:b@x>;tag=1"),
	LATER_TO("fold before the colon", "To" EOL " : <sip:b@x>;tag=1"),
	LATER_TO("fold after the colon", "To:" EOL "\t<sip:b@x>;tag=1"),
	FIRST_TO("Tom", "Tom: <sip:b@x>;tag=1"),
	FIRST_TO("tt", "tt: <sip:b@x>;tag=1"),
	FIRST_TO("To-Tag", "To-Tag: <sip:b@x>;tag=1"),
	FIRST_TO("X-To", "X-To: <sip:b@x>;tag=1"),
	FIRST_TO("Reply-To", "Reply-To: <sip:b@x>;tag=1"),
	FIRST_TO("Refer-To", "Refer-To: <sip:b@x>;tag=1"),
	FIRST_TO("Timestamp", "Timestamp: 1;tag=1"),
	FIRST_TO("name without colon", "To <sip:b@x>;tag=1"),
	FIRST_TO("zero byte after the name", "To\0: <sip:b@x>;tag=1"),
	FIRST_TO("letters with the high bit set",
		 "\324: <sip:b@x>;tag=1" EOL "\324\357: <sip:b@x>;tag=1"),
	LATER_TO("like names first, then To",
		 "Topic: x" EOL "t2: y" EOL "To: <sip:b@x>;tag=1"),

	/* Blanks and folds in the value: s7.3.1, s25.1 (SEMI, EQUAL) */
	LATER_TO("blanks around the semicolon", "To: <sip:b@x> ; tag=1"),
	LATER_TO("blanks around the equals sign", "To: <sip:b@x>;tag = 1"),
	LATER_TO("tabs all over", "To:\t<sip:b@x>\t;\ttag\t=\t1\t"),
	LATER_TO("fold before the semicolon", "To: <sip:b@x>" EOL " ;tag=1"),
	LATER_TO("fold after the semicolon", "To: <sip:b@x>;" EOL " tag=1"),
	LATER_TO("fold before the equals sign", "To: <sip:b@x>;tag" EOL "\t=1"),
	LATER_TO("fold after the equals sign", "To: <sip:b@x>;tag=" EOL " 1"),
	LATER_TO("two folds, LF and CR", "To: <sip:b@x>\n ;\r \ttag=1"),
	LATER_TO("folded name", "To: Bob" EOL " <sip:b@x>;tag=1"),
	LATER_TO("fold in a quoted name", "To: \"Bo" EOL " b\" <sip:b@x>;tag=1"),
	FIRST_TO("not a fold: tag in a line of its own", "To: <sip:b@x>" EOL ";tag=1"),
	FIRST_TO("not a fold: value in a line of its own", "To: <sip:b@x>;tag=" EOL "1"),
	FIRST_TO("tag in a fold of the next header",
		 "To: <sip:b@x>" EOL "Subject: x" EOL " ;tag=1"),
	FIRST_TO("To in a fold", "Subject: x" EOL " To: <sip:b@x>;tag=1"),
	SIP_FIRST("To in a fold of the start line",
		  INVITE " t: <sip:b@x>;tag=1" EOL VIA TO ID TAIL),

	/* Names of parameters: s7.3.1, s25.1 (to-param) */
	LATER_TO("capitals in the name", "To: <sip:b@x>;TAG=1"),
	LATER_TO("capital in the name", "To: <sip:b@x>;tAg=1"),
	LATER_TO("after another parameter", "To: <sip:b@x>;a=b;tag=1"),
	LATER_TO("after one without a value", "To: <sip:b@x>;lr;tag=1"),
	LATER_TO("after an empty one", "To: <sip:b@x>;;tag=1"),
	LATER_TO("before another parameter", "To: <sip:b@x>;tag=1;a=b"),
	LATER_TO("after one that ends in a t", "To: <sip:b@x>;t;ta;tag=1"),
	LATER_TO("any bytes as the value", "To: <sip:b@x>;tag=%.!~*'\200"),
	LATER_TO("quoted value", "To: <sip:b@x>;tag=\"\""),
	FIRST_TO("xtag", "To: <sip:b@x>;xtag=1"),
	FIRST_TO("tagged", "To: <sip:b@x>;tagged=1"),
	FIRST_TO("x-tag", "To: <sip:b@x>;x-tag=1"),
	FIRST_TO("tag as a value", "To: <sip:b@x>;a=tag;b==tag=1"),
	FIRST_TO("tag, blank, word", "To: <sip:b@x>;tag x=1"),
	FIRST_TO("tag without semicolon", "To: <sip:b@x>tag=1"),
	FIRST_TO("tag after a comma", "To: <sip:b@x>,tag=1"),
	FIRST_TO("no equals sign", "To: <sip:b@x>;tag"),
	FIRST_TO("no equals sign, another parameter", "To: <sip:b@x>;tag;a=b"),
	FIRST_TO("no value", "To: <sip:b@x>;tag="),
	FIRST_TO("no value, blanks", "To: <sip:b@x>;tag= \t"),
	FIRST_TO("no value, another parameter", "To: <sip:b@x>;tag=;a=b"),
	LATER_TO("no value, then one with", "To: <sip:b@x>;tag=;tag=1"),

	/* Parameters of the URI are not the header's: s20.10 */
	FIRST_TO("in the URI", "To: <sip:bob@b.example;tag=1>"),
	FIRST_TO("in the URI, display name", "To: Bob <sip:b@x;tag=1>"),
	FIRST_TO("in the URI's headers", "To: <sip:b@x?Subject=a;tag=1>"),
	FIRST_TO("in the URI's user", "To: <sip:b;tag=1@x>"),
	LATER_TO("in URI and header", "To: <sip:b@x;tag=1>;tag=2"),
	LATER_TO("URI with other parameters", "To: <sip:b@x;user=phone;lr>;tag=1"),
	FIRST_TO("quotes in the URI", "To: <sip:\"b@x;tag=1>;a=\""),
	LATER_TO("quote in the URI", "To: <sip:\"b@x>;tag=1"),
	LATER_TO("IPv6 host", "To: <sip:b@[2001:db8::1]:5060>;tag=1"),
	FIRST_TO("IPv6 host, no tag", "To: sip:b@[2001:db8::1]:5060"),

	/* Display names: s20.10, s25.1 (quoted-string) */
	FIRST_TO("in the name", "To: \";tag=1\" <sip:b@x>"),
	FIRST_TO("bracket in the name", "To: \"<\" <sip:b@x;tag=1>"),
	LATER_TO("bracket in the name, tag", "To: \"<\" <sip:b@x>;tag=1"),
	FIRST_TO("closing bracket in the name", "To: \"a>;tag=1\" <sip:b@x>"),
	FIRST_TO("URI in the name", "To: \"<sip:c@x>;tag=1\" <sip:b@x>"),
	FIRST_TO("escaped quote in the name", "To: \"a\\\";tag=1\" <sip:b@x>"),
	LATER_TO("escaped backslash at the end of the name",
		 "To: \"a\\\\\" <sip:b@x>;tag=1"),
	FIRST_TO("escaped backslash and quote", "To: \"a\\\\\\\";tag=1\" <sip:b@x>"),
	LATER_TO("empty name", "To: \"\" <sip:b@x>;tag=1"),
	LATER_TO("UTF-8 name", "To: \"B\303\266b\" <sip:b@x>;tag=1"),
	FIRST_TO("fold in the name, tag in it", "To: \"Bob" EOL " ;tag=1\" <sip:b@x>"),
	FIRST_TO("in the quoted value of a parameter", "To: <sip:b@x>;a=\";tag=1\""),
	LATER_TO("after the quoted value of a parameter",
		 "To: <sip:b@x>;a=\";\\\"\";tag=1"),
	FIRST_TO("quote not closed", "To: \"Bob <sip:b@x>;tag=1"),
	FIRST_TO("backslash at the end of a name not closed", "To: \"Bob\\"),
	FIRST_TO("bracket not closed", "To: <sip:b@x;tag=1"),
	LATER_TO("quote not closed in the header before",
		 "Subject: \"open" EOL "To: <sip:b@x>;tag=1"),

	/* Requests that follow another, whatever their To says */
	LATER_LINE("CANCEL: s9.1", "CANCEL sip:b@x SIP/2.0"),
	LATER_LINE("ACK: s13.2.2.4, s17.1.1.3", "ACK sip:b@x SIP/2.0"),
	LATER_LINE("BYE: s15.1.1", "BYE sip:b@x SIP/2.0"),
	LATER_LINE("PRACK: RFC 3262 s4", "PRACK sip:b@x SIP/2.0"),
	LATER_LINE("UPDATE: RFC 3311 s5.1", "UPDATE sip:b@x SIP/2.0"),
	LATER_LINE("INFO: RFC 6086 s4", "INFO sip:b@x SIP/2.0"),
	SIP_LATER("CANCEL without To", "CANCEL sip:b@x SIP/2.0" EOL ID EOL),
	LATER_LINE("CANCEL after line ends", EOL EOL "CANCEL sip:b@x SIP/2.0"),
	LATER_LINE("CANCEL, tab", "CANCEL\tsip:b@x SIP/2.0"),
	LATER_LINE("CANCEL of two blanks", "CANCEL  sip:b@x SIP/2.0"),

	/* Methods are case-sensitive and whole words: s7.1 */
	FIRST_LINE("cancel", "cancel sip:b@x SIP/2.0"),
	FIRST_LINE("Ack", "Ack sip:b@x SIP/2.0"),
	FIRST_LINE("ACKN", "ACKN sip:b@x SIP/2.0"),
	FIRST_LINE("CANCELLED", "CANCELLED sip:b@x SIP/2.0"),
	FIRST_LINE("BYE-BYE", "BYE-BYE sip:b@x SIP/2.0"),
	FIRST_LINE("XACK", "XACK sip:b@x SIP/2.0"),
	FIRST_LINE("ACK alone", "ACK"),
	FIRST_LINE("INVITE of a user ACK", "INVITE ACK SIP/2.0"),

	/* Requests that may be the first, and follow if they have a tag */
	FIRST_LINE("OPTIONS", "OPTIONS sip:b@x SIP/2.0"),
	FIRST_LINE("REGISTER", "REGISTER sip:x SIP/2.0"),
	FIRST_LINE("SUBSCRIBE", "SUBSCRIBE sip:b@x SIP/2.0"),
	FIRST_LINE("NOTIFY", "NOTIFY sip:b@x SIP/2.0"),
	FIRST_LINE("MESSAGE", "MESSAGE sip:b@x SIP/2.0"),
	FIRST_LINE("REFER", "REFER sip:b@x SIP/2.0"),
	FIRST_LINE("PUBLISH", "PUBLISH sip:b@x SIP/2.0"),
	FIRST_LINE("unknown method", "NEWMETHOD sip:b@x SIP/2.0"),
	SIP_LATER("INVITE again",
		  INVITE VIA "To: <sip:b@x>;tag=1" EOL ID "CSeq: 2 INVITE" EOL EOL),
	SIP_LATER("SUBSCRIBE again",
		  "SUBSCRIBE sip:b@x SIP/2.0" EOL "t:<sip:b@x>;tag=1" EOL ID EOL),
	SIP_LATER("unknown method with a tag",
		  "NEWMETHOD sip:b@x SIP/2.0" EOL "t:<sip:b@x>;tag=1" EOL ID EOL),
	FIRST_LINE("a tag in the request URI", "INVITE sip:b@x;tag=1 SIP/2.0"),
	SIP_LATER("broken start line, tag", "x" EOL "To: <sip:b@x>;tag=1" EOL ID EOL),
	FIRST_LINE("broken start line", "x"),
	FIRST_LINE("start line like a To", "To: <sip:b@x>;tag=1"),

	/* Responses: s7.2; the protocol's name in any case: s7.1 */
	LATER_LINE("100", "SIP/2.0 100 Trying"),
	SIP_LATER("200 with a tag",
		  "SIP/2.0 200 OK" EOL VIA "To: <sip:b@x>;tag=1" EOL ID TAIL),
	LATER_LINE("small letters, response", "sip/2.0 200 OK"),
	LATER_LINE("mixed letters, response", "SiP/2.0 404 Not Found"),
	LATER_LINE("response without reason", "SIP/2.0 486 "),
	LATER_LINE("response of another version", "SIP/7.0 200 OK"),
	LATER_LINE("response after line ends", "\n\r\nSIP/2.0 200 OK"),
	FIRST_LINE("method SIP", "SIP sip:b@x SIP/2.0"),
	FIRST_LINE("method SIPS", "SIPS/2.0 200 OK"),

	/* Line ends, and never in the body */
	SIP_LATER("LF only", "INVITE sip:b SIP/2.0\nTo: <sip:b>;tag=1\ni: k\n\n"),
	SIP_LATER("CR only", "INVITE sip:b SIP/2.0\rTo: <sip:b>;tag=1\ri: k\r\r"),
	SIP_FIRST("LF only, no tag", "INVITE sip:b SIP/2.0\nTo: <sip:b>\ni: k\n\n"),
	SIP_FIRST("CR only, no tag", "INVITE sip:b SIP/2.0\rTo: <sip:b>\ri: k\r\r"),
	SIP_FIRST("LF, then CRLF ends the header",
		  INVITE ID "Via: v\n" EOL "To: <sip:b@x>;tag=1" EOL),
	SIP_FIRST("in the body", HEAD ID TAIL "To: <sip:b@x>;tag=1" EOL EOL),
	SIP_FIRST("in the body, To in the header",
		  HEAD TO ID TAIL "To: <sip:b@x>;tag=1" EOL EOL),
	SIP_FIRST("a fold after the header's end",
		  HEAD ID "To: <sip:b@x>" EOL EOL " ;tag=1" EOL),
	SIP_LATER("sipfrag in the body",
		  "NOTIFY sip:a@x SIP/2.0" EOL
		  "t: <sip:a@x>;tag=1" EOL ID EOL
		  "SIP/2.0 200 OK" EOL "To: <sip:b@x>" EOL),

	/* Datagrams that end early: what there is decides */
	SIP_LATER("ends in the tag", HEAD ID "To: <sip:b@x>;tag=1"),
	SIP_FIRST("ends after the equals sign", HEAD ID "To: <sip:b@x>;tag="),
	SIP_FIRST("ends after the name of the tag", HEAD ID "To: <sip:b@x>;tag"),
	SIP_FIRST("ends after the semicolon", HEAD ID "To: <sip:b@x>;"),
	SIP_FIRST("ends in the URI", HEAD ID "To: <sip:b@x"),
	SIP_FIRST("ends in a quoted name", HEAD ID "To: \"Bob"),
	SIP_FIRST("ends after a backslash", HEAD ID "To: \"Bob\\"),
	SIP_FIRST("ends after the colon", HEAD ID "To:"),
	SIP_FIRST("ends after the name", HEAD ID "T"),
	SIP_FIRST("ends in a fold", HEAD ID "To: <sip:b@x>" EOL " "),
	SIP_FIRST("ends in a CR", HEAD ID "To: <sip:b@x>;tag=\r"),

	/* Whole messages in the spirit of RFC 4475 */
	SIP_LATER("much white space",
		  "INVITE sip:vivek@chair.example;unknown SIP/2.0" EOL
		  "TO :" EOL " sip:vivek@chair.example ;   tag    = 1918181833n" EOL
		  "from   : \"J Rosen \\\\\\\"\"       <sip:jdrosen@example.com>" EOL
		  "  ;" EOL "  tag = 98asjd8" EOL
		  "I" EOL " : ws" EOL EOL),
	SIP_FIRST("white space and decoys",
		  "INVITE sip:vivek@chair.example;tag=1 SIP/2.0" EOL
		  "from   : \"J Rosen \\\\\\\"\"       <sip:jdrosen@example.com>" EOL
		  "  ;" EOL "  tag = 98asjd8" EOL
		  "tO" EOL "\t:" EOL "  \"\\\";tag=2 <\\\\\\\"\"  <sip:v@x;tag=3> ;" EOL
		  " tagx =\";tag=4\" ; x = tag ;" EOL " tag ; tag =" EOL
		  "i:ws" EOL "l:0" EOL EOL "t:<sip:x>;tag=5" EOL),
	SIP_LATER("short forms",
		  "OPTIONS sip:a SIP/2.0" EOL "v:SIP/2.0/UDP [2001:db8::1];branch=1" EOL
		  "f:<sip:a>;tag=1" EOL "t:<sip:b>;tag=2" EOL "m:<sip:a@[::1]>" EOL
		  "i:k" EOL EOL),
	SIP_FIRST("odd quote, as RFC 4475 s3.1.2.6",
		  "INVITE sip:u@x SIP/2.0" EOL
		  "To: \"Mr. J. User <sip:j.user@example.com>" EOL
		  "From: sip:caller@x;tag=93334" EOL ID EOL),
	LATER_TO("long display name",
		 "t: \"I have a user name of extreme" EOL
		 " proportion;tag=x;tag=x;tag=x\"" EOL
		 "  <sip:user@h;unknownparam=verylong;tag=x>" EOL
		 "  ;tag=1982424"),
};

#endif /* OPVS_SIP_PHASE_CASES_H */
