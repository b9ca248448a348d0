// SPDX-License-Identifier: GPL-2.0-only
/* Packets that do not exist, made of what a request says about them. */
#include "explain.h"

#include "parse.h"

#include <linux/err.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/opvs.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ipv6.h>

/* As most hosts send them. */
#define EXPLAIN_TTL	64

/* Byte 13 of TCP's header. */
#define TCP_SYN_BYTE	0x02

/**
 * struct explain_tuple - what a packet is to look like
 * @saddr: sender
 * @daddr: receiver
 * @sport: its port
 * @dport: its port
 * @family: NFPROTO_*
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @kind: flags of TCP or chunk of SCTP
 * @payload: of UDP, or NULL
 */
struct explain_tuple {
	union nf_inet_addr	saddr;
	union nf_inet_addr	daddr;
	__be16			sport;
	__be16			dport;
	u8			family;
	u8			proto;
	u8			kind;
	const struct nlattr	*payload;
};

/**
 * opvs_explain_addr() - an address of a request
 * @nest: where it stands
 * @type: attribute; if absent, the address is all zeroes
 * @family: what it must be of
 * @addr: result
 *
 * Context: process.
 * Return: 0, or -EINVAL when it has another length.
 */
int opvs_explain_addr(const struct opvs_nest *nest, u16 type, u8 family,
		      union nf_inet_addr *addr)
{
	const struct nlattr *attr = nest->tb[type];
	int size = family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);

	memset(addr, 0, sizeof(*addr));
	if (!attr)
		return 0;
	if (nla_len(attr) != size) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "EXPLAIN: CLIENT, VIRTUAL, ADDR must be addresses of FAMILY");
		return -EINVAL;
	}
	nla_memcpy(addr, attr, sizeof(*addr));
	return 0;
}

static int explain_family(const struct opvs_nest *nest,
			  const struct nlattr *attr, u16 af, u8 *family)
{
	if (af != AF_INET && af != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "EXPLAIN: FAMILY must be AF_INET or AF_INET6");
		return -EAFNOSUPPORT;
	}
	if (af == AF_INET6 && !ipv6_mod_enabled()) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "EXPLAIN: IPv6 is disabled in this kernel");
		return -EAFNOSUPPORT;
	}
	*family = af;
	return 0;
}

static u8 explain_u8(const struct opvs_nest *nest, u16 type, u8 preset)
{
	return nest->tb[type] ? nla_get_u8(nest->tb[type]) : preset;
}

/* What a packet of this protocol cannot have. */
static int refuse_foreign(const struct opvs_nest *nest, u8 proto)
{
	static const struct {
		u8	type;
		u8	proto;
	} parts[] = {
		{ OPVS_EXPLAIN_ATTR_TCP_FLAGS, IPPROTO_TCP },
		{ OPVS_EXPLAIN_ATTR_SCTP_CHUNK, IPPROTO_SCTP },
		{ OPVS_EXPLAIN_ATTR_PAYLOAD, IPPROTO_UDP },
		{ OPVS_EXPLAIN_ATTR_KEY, IPPROTO_UDP },
		{ OPVS_EXPLAIN_ATTR_KEYS, IPPROTO_UDP },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!nest->tb[parts[i].type] || parts[i].proto == proto)
			continue;
		NL_SET_ERR_MSG_ATTR(nest->extack, nest->tb[parts[i].type],
				    "EXPLAIN: TCP_FLAGS is for TCP, SCTP_CHUNK for SCTP, PAYLOAD, KEY and KEYS for UDP");
		return -EINVAL;
	}
	return 0;
}

static int explain_kind(const struct opvs_nest *nest, struct explain_tuple *t)
{
	const struct nlattr *protocol = nest->tb[OPVS_EXPLAIN_ATTR_PROTOCOL];

	switch (t->proto) {
	case IPPROTO_UDP:
		t->payload = nest->tb[OPVS_EXPLAIN_ATTR_PAYLOAD];
		return 0;
	case IPPROTO_TCP:
		t->kind = explain_u8(nest, OPVS_EXPLAIN_ATTR_TCP_FLAGS,
				     TCP_SYN_BYTE);
		return 0;
	case IPPROTO_SCTP:
		t->kind = explain_u8(nest, OPVS_EXPLAIN_ATTR_SCTP_CHUNK,
				     SCTP_CID_INIT);
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(nest->extack, protocol,
			    "EXPLAIN: PROTOCOL must be TCP, UDP or SCTP");
	return -EPROTONOSUPPORT;
}

static int explain_tuple(const struct opvs_nest *nest, struct explain_tuple *t)
{
	static const u8 required[] = {
		OPVS_EXPLAIN_ATTR_FAMILY, OPVS_EXPLAIN_ATTR_PROTOCOL,
		OPVS_EXPLAIN_ATTR_VIRTUAL, OPVS_EXPLAIN_ATTR_VIRTUAL_PORT,
	};
	struct nlattr *const *tb = nest->tb;
	int err;

	err = opvs_nest_require(nest, required, ARRAY_SIZE(required));
	if (!err)
		err = explain_family(nest, tb[OPVS_EXPLAIN_ATTR_FAMILY],
				     nla_get_u16(tb[OPVS_EXPLAIN_ATTR_FAMILY]),
				     &t->family);
	if (!err)
		err = opvs_explain_addr(nest, OPVS_EXPLAIN_ATTR_CLIENT,
					t->family, &t->saddr);
	if (!err)
		err = opvs_explain_addr(nest, OPVS_EXPLAIN_ATTR_VIRTUAL,
					t->family, &t->daddr);
	if (err)
		return err;
	t->proto = nla_get_u16(tb[OPVS_EXPLAIN_ATTR_PROTOCOL]);
	t->dport = nla_get_be16(tb[OPVS_EXPLAIN_ATTR_VIRTUAL_PORT]);
	if (tb[OPVS_EXPLAIN_ATTR_CLIENT_PORT])
		t->sport = nla_get_be16(tb[OPVS_EXPLAIN_ATTR_CLIENT_PORT]);
	return explain_kind(nest, t) ?: refuse_foreign(nest, t->proto);
}

static unsigned int transport_len(const struct explain_tuple *t)
{
	if (t->proto == IPPROTO_TCP)
		return sizeof(struct tcphdr);
	if (t->proto == IPPROTO_SCTP)
		return sizeof(struct sctphdr) + sizeof(struct sctp_chunkhdr);
	return sizeof(struct udphdr) + (t->payload ? nla_len(t->payload) : 0);
}

static void put_ip(struct sk_buff *skb, const struct explain_tuple *t)
{
	unsigned int len = transport_len(t);
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	if (t->family == NFPROTO_IPV6) {
		ip6h = skb_put_zero(skb, sizeof(*ip6h));
		ip6h->version = 6;
		ip6h->payload_len = htons(len);
		ip6h->nexthdr = t->proto;
		ip6h->hop_limit = EXPLAIN_TTL;
		ip6h->saddr = t->saddr.in6;
		ip6h->daddr = t->daddr.in6;
		return;
	}
	iph = skb_put_zero(skb, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tot_len = htons(sizeof(*iph) + len);
	iph->ttl = EXPLAIN_TTL;
	iph->protocol = t->proto;
	iph->saddr = t->saddr.ip;
	iph->daddr = t->daddr.ip;
}

static void put_transport(struct sk_buff *skb, const struct explain_tuple *t)
{
	u8 *th = skb_put_zero(skb, transport_len(t));
	struct sctp_chunkhdr *chunk;
	struct tcphdr *tcp;
	struct udphdr *uh;

	/* All begin with both ports. */
	uh = (struct udphdr *)th;
	uh->source = t->sport;
	uh->dest = t->dport;
	switch (t->proto) {
	case IPPROTO_TCP:
		tcp = (struct tcphdr *)th;
		tcp->doff = sizeof(*tcp) / 4;
		th[13] = t->kind;
		break;
	case IPPROTO_SCTP:
		chunk = (struct sctp_chunkhdr *)(th + sizeof(struct sctphdr));
		chunk->type = t->kind;
		chunk->length = htons(sizeof(*chunk));
		break;
	default:
		uh->len = htons(transport_len(t));
		if (t->payload)
			nla_memcpy(uh + 1, t->payload, nla_len(t->payload));
	}
}

static struct sk_buff *explain_skb(unsigned int len)
{
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL_ACCOUNT);

	if (skb)
		skb_reset_network_header(skb);
	return skb;
}

/* What describes a packet, when it is there itself. */
static int refuse_both(const struct opvs_nest *nest)
{
	static const u8 parts[] = {
		OPVS_EXPLAIN_ATTR_FAMILY, OPVS_EXPLAIN_ATTR_PROTOCOL,
		OPVS_EXPLAIN_ATTR_CLIENT, OPVS_EXPLAIN_ATTR_CLIENT_PORT,
		OPVS_EXPLAIN_ATTR_VIRTUAL, OPVS_EXPLAIN_ATTR_VIRTUAL_PORT,
		OPVS_EXPLAIN_ATTR_TCP_FLAGS, OPVS_EXPLAIN_ATTR_SCTP_CHUNK,
		OPVS_EXPLAIN_ATTR_PAYLOAD, OPVS_EXPLAIN_ATTR_KEY,
		OPVS_EXPLAIN_ATTR_KEYS,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!nest->tb[parts[i]])
			continue;
		NL_SET_ERR_MSG_ATTR(nest->extack, nest->tb[parts[i]],
				    "EXPLAIN: PACKET already says this");
		return -EINVAL;
	}
	return 0;
}

/* Padding of the link layer is cut off, as the host does. */
static void trim(struct sk_buff *skb, u8 family)
{
	unsigned int len = skb->len;

	if (family == NFPROTO_IPV4 && len >= sizeof(struct iphdr))
		len = ntohs(ip_hdr(skb)->tot_len);
	else if (family == NFPROTO_IPV6 && len >= sizeof(struct ipv6hdr) &&
		 ipv6_hdr(skb)->payload_len)
		len = sizeof(struct ipv6hdr) +
		      ntohs(ipv6_hdr(skb)->payload_len);
	if (len < skb->len)
		skb_trim(skb, len);
}

static struct sk_buff *given_packet(const struct opvs_nest *nest, u8 *family)
{
	const struct nlattr *attr = nest->tb[OPVS_EXPLAIN_ATTR_PACKET];
	const u8 *data = nla_data(attr);
	struct sk_buff *skb;
	u8 version;
	int err;

	err = refuse_both(nest);
	if (err)
		return ERR_PTR(err);
	version = nla_len(attr) ? *data >> 4 : 0;
	if (version != 4 && version != 6) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "EXPLAIN: PACKET must begin with an IP header");
		return ERR_PTR(-EINVAL);
	}
	err = explain_family(nest, attr, version == 6 ? AF_INET6 : AF_INET,
			     family);
	if (err)
		return ERR_PTR(err);
	skb = explain_skb(nla_len(attr));
	if (!skb)
		return ERR_PTR(-ENOMEM);
	skb_put_data(skb, data, nla_len(attr));
	trim(skb, *family);
	return skb;
}

/**
 * opvs_explain_packet() - the packet that a request is about
 * @nest: its DECISION nest
 * @family: result: NFPROTO_*
 *
 * Context: process.
 * Return: a packet from its IP header on, with its mark, for kfree_skb(); ERR_PTR
 * of -EINVAL, -EAFNOSUPPORT, -EPROTONOSUPPORT or -ENOMEM.
 */
struct sk_buff *opvs_explain_packet(const struct opvs_nest *nest, u8 *family)
{
	const struct nlattr *mark = nest->tb[OPVS_EXPLAIN_ATTR_FWMARK];
	struct explain_tuple t = {};
	struct sk_buff *skb;
	int err;

	if (nest->tb[OPVS_EXPLAIN_ATTR_PACKET]) {
		skb = given_packet(nest, family);
		if (IS_ERR(skb))
			return skb;
	} else {
		err = explain_tuple(nest, &t);
		if (err)
			return ERR_PTR(err);
		*family = t.family;
		skb = explain_skb(sizeof(struct ipv6hdr) + transport_len(&t));
		if (!skb)
			return ERR_PTR(-ENOMEM);
		put_ip(skb, &t);
		put_transport(skb, &t);
	}
	skb->mark = mark ? nla_get_u32(mark) : 0;
	return skb;
}
