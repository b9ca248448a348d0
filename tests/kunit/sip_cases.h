/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages and their Call-IDs, by hand: the table behind the KUnit suite and the
 * first seeds of the fuzzer.  Each row is one whole datagram.
 */
#ifndef OPVS_SIP_CASES_H
#define OPVS_SIP_CASES_H

#include "sip_lines.h"

struct sip_case {
	const char *name;
	const char *text;
	unsigned int len;
	const char *key;	/* NULL: the datagram has none */
	unsigned int key_len;
};

#define SIP_KEY(name, text, key) \
	{ name, text, sizeof(text) - 1, key, sizeof(key) - 1 }
#define SIP_NONE(name, text) \
	{ name, text, sizeof(text) - 1, NULL, 0 }

#define A50	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define COOKIE	"!\022\244B"	/* STUN: RFC 5389 s6 */

static const struct sip_case sip_cases[] = {
	/* The header and its name: RFC 3261 s7.3, s20.8 */
	SIP_KEY("full name",
		HEAD "Call-ID: 70710@saturn.example" EOL TAIL, "70710@saturn.example"),
	SIP_KEY("name in lower case", HEAD "call-id: c2" EOL TAIL, "c2"),
	SIP_KEY("name in upper case", HEAD "CALL-ID: c3" EOL TAIL, "c3"),
	SIP_KEY("name in mixed case", HEAD "cAlL-iD: c4" EOL TAIL, "c4"),
	SIP_KEY("compact name", HEAD "i: c5" EOL TAIL, "c5"),
	SIP_KEY("compact name in upper case", HEAD "I: c6" EOL TAIL, "c6"),
	SIP_KEY("no blank after colon", HEAD "Call-ID:c7" EOL TAIL, "c7"),
	SIP_KEY("blank before colon", HEAD "Call-ID : c8" EOL TAIL, "c8"),
	SIP_KEY("tab before colon", HEAD "Call-ID\t:c9" EOL TAIL, "c9"),
	SIP_KEY("tab after colon", HEAD "i:\tc10" EOL TAIL, "c10"),
	SIP_KEY("blanks and tabs around colon",
		HEAD "i \t  \t:  \t \tc11" EOL TAIL, "c11"),
	SIP_KEY("first header", INVITE "Call-ID: c12" EOL VIA TAIL, "c12"),
	SIP_KEY("last header", HEAD TO CSEQ "Call-ID: c13" EOL EOL, "c13"),
	SIP_KEY("only header", "BYE sip:a SIP/2.0" EOL "i:c14" EOL EOL, "c14"),
	SIP_KEY("response", "SIP/2.0 200 OK" EOL VIA "Call-ID: c15" EOL TAIL, "c15"),
	SIP_KEY("start line of another version",
		"INVITE sip:bob@b.example SIP/7.0" EOL "i: c16" EOL EOL, "c16"),
	SIP_KEY("start line of one byte", "x" EOL "i: c17" EOL EOL, "c17"),
	SIP_KEY("method of odd token characters",
		"!odd-Method0_*+`.%yes'~ sip:a SIP/2.0" EOL "i: c18" EOL EOL, "c18"),

	/* The value is opaque: RFC 3261 s8.1.1.4, s20.8 */
	SIP_KEY("case kept", HEAD "Call-ID: AbC@ExAmPlE" EOL TAIL, "AbC@ExAmPlE"),
	SIP_KEY("one byte", HEAD "i:x" EOL TAIL, "x"),
	SIP_KEY("equals signs", HEAD "Call-ID: bWFkZQ==" EOL TAIL, "bWFkZQ=="),
	SIP_KEY("semicolon", HEAD "Call-ID: a;b=c" EOL TAIL, "a;b=c"),
	SIP_KEY("comma", HEAD "Call-ID: a, b" EOL TAIL, "a, b"),
	SIP_KEY("two at signs", HEAD "Call-ID: a@b@c" EOL TAIL, "a@b@c"),
	SIP_KEY("blank and tab inside", HEAD "i: a b\tc" EOL TAIL, "a b\tc"),
	SIP_KEY("all characters of a word",
		HEAD "i: aZ09-.!%*_+`'~()<>:\\\"/[]?{}" EOL TAIL,
		"aZ09-.!%*_+`'~()<>:\\\"/[]?{}"),
	SIP_KEY("characters no word has", HEAD "i: #$&|^" EOL TAIL, "#$&|^"),
	SIP_KEY("odd quote", HEAD "i: \"a@b" EOL TAIL, "\"a@b"),
	SIP_KEY("odd quote in a header before",
		HEAD "Subject: \"open" EOL "i: c28" EOL TAIL, "c28"),
	SIP_KEY("colons only", HEAD "i:::" EOL TAIL, "::"),
	SIP_KEY("says Call-ID", HEAD "i: Call-ID: x" EOL TAIL, "Call-ID: x"),
	SIP_KEY("IPv4 host", HEAD "i: 1-9@192.0.2.1" EOL TAIL, "1-9@192.0.2.1"),
	SIP_KEY("IPv6 host", HEAD "i: 1@[2001:db8::9]" EOL TAIL, "1@[2001:db8::9]"),
	SIP_KEY("UTF-8", HEAD "i: gr\303\274n@\344\270\255" EOL TAIL,
		"gr\303\274n@\344\270\255"),
	SIP_KEY("bytes 0x7f, 0x80, 0xff", HEAD "i: a\177\200\377b" EOL TAIL,
		"a\177\200\377b"),
	SIP_KEY("zero byte inside", HEAD "i: a\0b" EOL TAIL, "a\0b"),
	SIP_KEY("control bytes beside CR and LF",
		HEAD "i: a\10\13\14\16\17b" EOL TAIL, "a\10\13\14\16\17b"),
	SIP_KEY("bytes that differ from CR and LF in the high bit",
		HEAD "i: a\212\215b" EOL TAIL, "a\212\215b"),
	SIP_KEY("trailing blank", HEAD "i: c38 " EOL TAIL, "c38"),
	SIP_KEY("trailing tab", HEAD "i: c39\t" EOL TAIL, "c39"),
	SIP_KEY("many trailing blanks and tabs",
		HEAD "i: c40 \t  \t\t      \t" EOL TAIL, "c40"),
	SIP_KEY("255 bytes", HEAD "i: " A50 A50 A50 A50 A50 "fffff" EOL TAIL,
		A50 A50 A50 A50 A50 "fffff"),
	SIP_KEY("255 bytes and trailing blanks",
		HEAD "i: " A50 A50 A50 A50 A50 "fffff  " EOL TAIL,
		A50 A50 A50 A50 A50 "fffff"),
	SIP_KEY("256 bytes: the first 255",
		HEAD "i: " A50 A50 A50 A50 A50 "fffffg" EOL TAIL,
		A50 A50 A50 A50 A50 "fffff"),
	SIP_KEY("500 bytes: the first 255",
		HEAD "i: " A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 EOL TAIL,
		A50 A50 A50 A50 A50 "aaaaa"),
	SIP_KEY("empty, then a good one",
		HEAD "Call-ID:" EOL "Call-ID: c45" EOL TAIL, "c45"),
	SIP_KEY("blanks only, then a good one",
		HEAD "Call-ID: \t " EOL "i: c46" EOL TAIL, "c46"),
	SIP_KEY("two: the first", HEAD "i: c47" EOL "i: other" EOL TAIL, "c47"),
	SIP_KEY("two spellings: the first",
		HEAD "i: c48" EOL "Call-ID: other" EOL TAIL, "c48"),
	SIP_NONE("empty", HEAD "Call-ID:" EOL TAIL),
	SIP_NONE("blanks only", HEAD "i: \t " EOL TAIL),
	SIP_NONE("no Call-ID", HEAD TO TAIL),

	/* Folding: RFC 3261 s7.3.1 */
	SIP_KEY("value on the next line", HEAD "Call-ID:" EOL " f1" EOL TAIL, "f1"),
	SIP_KEY("value after a tab on the next line",
		HEAD "i: " EOL "\tf2" EOL TAIL, "f2"),
	SIP_KEY("value two lines down", HEAD "i:" EOL " " EOL "\t f3" EOL TAIL, "f3"),
	SIP_KEY("colon on the next line", HEAD "Call-ID" EOL " : f4" EOL TAIL, "f4"),
	SIP_KEY("colon and value on lines of their own",
		HEAD "i " EOL "\t:\t" EOL "  f5" EOL TAIL, "f5"),
	SIP_KEY("fold with LF", HEAD "i:\n f6\n" TAIL, "f6"),
	SIP_KEY("fold with CR", HEAD "i:\r f7\r" TAIL, "f7"),
	SIP_KEY("blank line folded after the value",
		HEAD "i: f8" EOL "  \t" EOL TAIL, "f8"),
	SIP_KEY("text folded after the value",
		HEAD "i: f9 " EOL " more" EOL TAIL, "f9"),
	SIP_KEY("blank continuation between headers",
		HEAD " \t" EOL "i: f10" EOL TAIL, "f10"),
	SIP_KEY("decoy in a continuation line",
		HEAD "Subject: see" EOL " Call-ID: decoy" EOL "i: f11" EOL TAIL, "f11"),
	SIP_KEY("compact decoy in a continuation line",
		HEAD "Subject: see" EOL "\ti: decoy" EOL "i: f12" EOL TAIL, "f12"),
	SIP_KEY("decoy in the second continuation line",
		HEAD "Subject:" EOL " a" EOL " i: decoy" EOL "i: f13" EOL TAIL, "f13"),
	SIP_KEY("decoy in a continuation of the start line",
		INVITE " i: decoy" EOL VIA "i: f14" EOL TAIL, "f14"),
	SIP_KEY("decoy in a continuation of an unlike name",
		HEAD "Call-IDs:" EOL " i: decoy" EOL "i: f15" EOL TAIL, "f15"),
	SIP_KEY("decoy after CR and a blank",
		HEAD "Subject: a\r i: decoy\ri: f16\r" TAIL, "f16"),
	SIP_NONE("folds and no value", HEAD "i:" EOL " " EOL "\t" EOL TAIL),
	SIP_NONE("folded name, no colon", HEAD "Call-ID" EOL " f18" EOL TAIL),
	SIP_NONE("decoy only", HEAD "Subject: a" EOL " i: decoy" EOL TAIL),

	/* Line ends */
	SIP_KEY("LF only", "BYE sip:a SIP/2.0\nVia: v\ni: e1\n\n", "e1"),
	SIP_KEY("CR only", "BYE sip:a SIP/2.0\rVia: v\ri: e2\r\r", "e2"),
	SIP_KEY("all three", "BYE sip:a SIP/2.0\rVia: v\ni: e3" EOL "\n", "e3"),
	SIP_KEY("leading CRLF", EOL HEAD "i: e4" EOL TAIL, "e4"),
	SIP_KEY("leading CRLFCRLF", EOL EOL HEAD "i: e5" EOL TAIL, "e5"),
	SIP_KEY("leading LF and CR", "\n\n\r\r\n" HEAD "i: e6" EOL TAIL, "e6"),
	SIP_KEY("no empty line at the end", HEAD "i: e7" EOL, "e7"),
	SIP_KEY("no empty line at the end, CR", HEAD "i: e8\r", "e8"),
	SIP_NONE("LF, then CRLF ends the header", INVITE "Via: v\n" EOL "i: decoy" EOL),
	SIP_NONE("LF ends the header", INVITE "\ni: decoy" EOL EOL),
	SIP_NONE("CR ends the header", INVITE "\ri: decoy" EOL EOL),

	/* Never in the body, whatever Content-Length says */
	SIP_NONE("in the body only", HEAD TAIL "Call-ID: decoy" EOL EOL),
	SIP_NONE("header without fields", INVITE EOL "i: decoy" EOL EOL),
	SIP_NONE("empty, then one in the body", HEAD "i:" EOL EOL "i: decoy" EOL),
	SIP_NONE("empty at the end of the header, folded body",
		 HEAD "i:" EOL EOL " decoy" EOL),
	SIP_KEY("in header and body",
		HEAD "i: b5" EOL TAIL "Call-ID: decoy" EOL EOL, "b5"),
	SIP_NONE("Content-Length beyond the datagram",
		 HEAD "Content-Length: 9999" EOL EOL "i: decoy" EOL EOL),
	SIP_NONE("negative Content-Length",
		 HEAD "Content-Length: -999" EOL EOL "i: decoy" EOL EOL),
	SIP_NONE("SIP message in a multipart body",
		 HEAD "Content-Type: multipart/mixed;boundary=7" EOL EOL
		 "--7" EOL "Content-Type: message/sip" EOL EOL
		 HEAD "Call-ID: decoy" EOL TAIL EOL "--7--" EOL),

	/* Names that are only like it */
	SIP_KEY("In-Reply-To", HEAD "In-Reply-To: x" EOL "i: n1" EOL TAIL, "n1"),
	SIP_KEY("Identity", HEAD "Identity: x" EOL "i: n2" EOL TAIL, "n2"),
	SIP_KEY("Call-Info", HEAD "Call-Info: x" EOL "i: n3" EOL TAIL, "n3"),
	SIP_KEY("Call-IDx", HEAD "Call-IDx: x" EOL "i: n4" EOL TAIL, "n4"),
	SIP_KEY("Call-ID-x", HEAD "Call-ID-x: x" EOL "i: n5" EOL TAIL, "n5"),
	SIP_KEY("i-foo", HEAD "i-foo: x" EOL "i: n6" EOL TAIL, "n6"),
	SIP_KEY("ii", HEAD "ii: x" EOL "i: n7" EOL TAIL, "n7"),
	SIP_KEY("X-Call-ID", HEAD "X-Call-ID: x" EOL "i: n8" EOL TAIL, "n8"),
	SIP_KEY("Call_ID", HEAD "Call_ID: x" EOL "i: n9" EOL TAIL, "n9"),
	SIP_KEY("two words", HEAD "Call-ID x: y" EOL "i: n10" EOL TAIL, "n10"),
	SIP_KEY("CR in place of the dash", HEAD "Call\rID: x" EOL "i: n11" EOL TAIL,
		"n11"),
	SIP_KEY("letters with the high bit set",
		HEAD "\351: x" EOL "Call-\311D: x" EOL "i: n11" EOL TAIL, "n11"),
	SIP_KEY("zero byte after the name", HEAD "i\0: x" EOL "i: n12" EOL TAIL, "n12"),
	SIP_KEY("name without colon", HEAD "Call-ID" EOL "i: n13" EOL TAIL, "n13"),
	SIP_KEY("compact name without colon", HEAD "i" EOL "i: n14" EOL TAIL, "n14"),
	SIP_KEY("line of a colon", HEAD ":" EOL ": x" EOL "i: n15" EOL TAIL, "n15"),
	SIP_KEY("Replaces names another call",
		HEAD "Replaces: other@x;to-tag=1" EOL "i: n16" EOL TAIL, "n16"),
	SIP_KEY("in a URI", "INVITE sip:b?Call-ID:x SIP/2.0" EOL
		"To: <sip:b?i:x>" EOL "i: n17" EOL TAIL, "n17"),
	SIP_NONE("start line like a header", "Call-ID: x" EOL VIA TAIL),
	SIP_NONE("start line like a compact header", EOL "i: x" EOL VIA TAIL),

	/* Datagrams that end early */
	SIP_KEY("ends in the value", HEAD "i: t1", "t1"),
	SIP_KEY("ends in blanks after the value", HEAD "i: t2 \t", "t2"),
	SIP_KEY("ends in a folded value", HEAD "i:" EOL " t3", "t3"),
	SIP_NONE("ends in the start line", "INVITE sip:bob@biloxi.example"),
	SIP_NONE("ends in the name", HEAD "Call-I"),
	SIP_NONE("ends after the name", HEAD "Call-ID"),
	SIP_NONE("ends after the colon", HEAD "Call-ID:"),
	SIP_NONE("ends in blanks before the value", HEAD "i: \t"),
	SIP_NONE("ends in a line end before the value", HEAD "i:" EOL),
	SIP_NONE("ends in a CR before the value", HEAD "i:\r"),
	SIP_NONE("ends in a fold", HEAD "i:" EOL " "),

	/* Keepalives and other protocols on the same port: RFC 5626, RFC 7983 */
	SIP_NONE("no bytes", ""),
	SIP_NONE("CRLF", EOL),
	SIP_NONE("CRLFCRLF", EOL EOL),
	SIP_NONE("CR", "\r"),
	SIP_NONE("zero byte", "\0"),
	SIP_NONE("four zero bytes", "\0\0\0\0"),
	SIP_NONE("jaK", "jaK"),
	SIP_NONE("blank first", " INVITE sip:a SIP/2.0" EOL "i: x" EOL EOL),
	SIP_NONE("tab first", "\tx" EOL "i: x" EOL EOL),
	SIP_NONE("byte 0x7f first", "\177x" EOL "i: x" EOL EOL),
	SIP_NONE("byte 0x80 first", "\200x" EOL "i: x" EOL EOL),
	SIP_NONE("STUN binding request",
		 "\0\1\0\0" COOKIE "abcdefghijkl"),
	SIP_NONE("STUN with a decoy in an attribute",
		 "\0\1\0\024" COOKIE "abcdefghijkl\200\042\0\020" EOL "i: x" EOL EOL "123456"),
	SIP_NONE("STUN after CRLF",
		 EOL "\1\1\0\0" COOKIE "abcdefghijkl" EOL "i: x" EOL),
	SIP_NONE("DTLS client hello", "\026\376\375\0\0\0\0\0\0" EOL "i: x" EOL EOL),
	SIP_NONE("RTP", "\200\0\022\064" EOL "i: x" EOL EOL),

	/* Whole messages in the spirit of RFC 4475 */
	SIP_KEY("much white space",
		"INVITE sip:vivek@chair.example;unknown SIP/2.0" EOL
		"TO :" EOL " sip:vivek@chair.example ;   tag    = 1918181833n" EOL
		"from   : \"J Rosen \\\\\\\"\"       <sip:jdrosen@example.com>" EOL
		"  ;" EOL "  tag = 98asjd8" EOL
		"MaX-fOrWaRdS: 0068" EOL
		"cAll-iD" EOL "\t : " EOL "\t\twsinv.ndaks@192.0.2.1 \t" EOL
		"cseq: 0009" EOL "  INVITE" EOL
		"s :" EOL
		"NewFangledHeader:   newfangled" EOL " i: continued value" EOL EOL,
		"wsinv.ndaks@192.0.2.1"),
	SIP_KEY("many short forms",
		"OPTIONS sip:a SIP/2.0" EOL "v:SIP/2.0/UDP [2001:db8::1];branch=1" EOL
		"f:<sip:a>;tag=1" EOL "t:<sip:b>" EOL "m:<sip:a@[::1]>" EOL
		"l:0" EOL "c:x/y" EOL "k:100rel" EOL "s:i: no" EOL
		"i:c5@[2001:db8::1]" EOL EOL, "c5@[2001:db8::1]"),
	SIP_KEY("long header before",
		INVITE "X-Long: " A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 EOL
		"Subject: " A50 A50 A50 A50 EOL
		" " A50 A50 A50 A50 EOL
		"\t" A50 A50 A50 A50 EOL
		"Call-ID: longreq.one" A50 "@far.example" EOL TAIL,
		"longreq.one" A50 "@far.example"),
	SIP_KEY("binary in headers before",
		HEAD "X: \1\2\3\377\376\0\0\0\0i: x" EOL "i: c7@x" EOL TAIL, "c7@x"),
	SIP_KEY("start line of excess blanks",
		"INVITE  sip:b@c;lr   SIP/2.0  \t" EOL "i: c8@x" EOL TAIL, "c8@x"),
	SIP_KEY("body that begins at once, in text",
		HEAD "i: c9@x" EOL "Content-Type: application/sdp" EOL EOL
		"v=0" EOL "o=- 1 1 IN IP4 192.0.2.1" EOL "s=-" EOL "i=session" EOL
		"i: decoy" EOL, "c9@x"),
	SIP_KEY("answer with sipfrag",
		"NOTIFY sip:a SIP/2.0" EOL "CALL-ID\t:\tc10@x" EOL
		"Content-Type: message/sipfrag" EOL EOL
		"SIP/2.0 200 OK" EOL "Call-ID: decoy" EOL EOL, "c10@x"),
};

#endif /* OPVS_SIP_CASES_H */
