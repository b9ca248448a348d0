// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is between a tunnel's IP header and the packet in it: nothing (RFC 2003,
 * RFC 2473), a GRE header (RFC 2784), or UDP and GUE
 * (draft-ietf-intarea-gue, version 0).
 *
 * GUE with a checksum has UDP's.  With remote checksum offload, a checksum inside
 * that is still to be made is left to the server, which is told where it stands.
 */
#include <opvs/xmit.h>

#include <opvs/kunit.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/udp.h>
#include <net/gre.h>
#include <net/gue.h>
#include <net/ip6_checksum.h>
#include <net/ip_tunnels.h>
#include <net/udp.h>

/* A GRE header, and the part that only one with a checksum has. */
struct gre_csum {
	__sum16	csum;
	__be16	reserved;
};

/* The private part of a GUE header: flags, and where a checksum is to be made. */
struct gue_remcsum {
	__be32	flags;
	__be16	start;
	__be16	offset;
};

static bool has_csum(union opvs_tunnel tunnel)
{
	return tunnel.flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
}

/* The most that a server's packets need. */
static unsigned int gue_len(union opvs_tunnel tunnel)
{
	unsigned int len = sizeof(struct udphdr) + sizeof(struct guehdr);

	if (tunnel.flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		len += sizeof(struct gue_remcsum);
	return len;
}

static unsigned int gre_len(union opvs_tunnel tunnel)
{
	return sizeof(struct gre_base_hdr) +
	       (has_csum(tunnel) ? sizeof(struct gre_csum) : 0);
}

/**
 * opvs_encap_len() - how much longer a packet becomes
 * @tunnel: tunnel
 * @family: NFPROTO_* of the outer header
 *
 * Context: any.
 * Return: bytes, the outer IP header among them.
 */
unsigned int opvs_encap_len(union opvs_tunnel tunnel, u8 family)
{
	unsigned int len = family == NFPROTO_IPV6 ? sizeof(struct ipv6hdr)
						  : sizeof(struct iphdr);

	switch (tunnel.type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return len + gue_len(tunnel);
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return len + gre_len(tunnel);
	default:
		return len;
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_encap_len);

/* The server makes a checksum that is still to be made here. */
static bool leaves_csum(const struct sk_buff *skb, union opvs_tunnel tunnel)
{
	return tunnel.type == IP_VS_CONN_F_TUNNEL_TYPE_GUE &&
	       tunnel.flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM &&
	       skb->ip_summed == CHECKSUM_PARTIAL && !skb->encapsulation;
}

/* How a GSO packet is to be cut.  In GUE is an IP packet without a link header, as
 * in a tunnel of IP alone.
 */
static int gso_type(union opvs_tunnel tunnel, u8 family, bool remcsum)
{
	int ipxip = family == NFPROTO_IPV6 ? SKB_GSO_IPXIP6 : SKB_GSO_IPXIP4;

	switch (tunnel.type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return ipxip | (has_csum(tunnel) ? SKB_GSO_UDP_TUNNEL_CSUM
						 : SKB_GSO_UDP_TUNNEL) |
		       (remcsum ? SKB_GSO_TUNNEL_REMCSUM : 0);
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return has_csum(tunnel) ? SKB_GSO_GRE_CSUM : SKB_GSO_GRE;
	default:
		return ipxip;
	}
}

static void push_remcsum(struct sk_buff *skb)
{
	unsigned int start = skb_checksum_start_offset(skb);
	struct gue_remcsum *remcsum = skb_push(skb, sizeof(*remcsum));

	*remcsum = (struct gue_remcsum){
		.flags	= GUE_PFLAG_REMCSUM,
		.start	= htons(start),
		.offset	= htons(start + skb->csum_offset),
	};
	if (skb_is_gso(skb))
		return;
	skb->ip_summed = CHECKSUM_NONE;
	skb->encapsulation = 0;
}

static void push_gue(struct sk_buff *skb, union opvs_tunnel tunnel, u8 inner,
		     bool remcsum, __be16 from)
{
	struct guehdr *gue;
	struct udphdr *uh;

	if (remcsum)
		push_remcsum(skb);
	gue = skb_push(skb, sizeof(*gue));
	gue->word = 0;
	gue->proto_ctype = inner;
	if (remcsum) {
		gue->hlen = sizeof(struct gue_remcsum) / 4;
		gue->flags = GUE_FLAG_PRIV;
	}
	uh = skb_push(skb, sizeof(*uh));
	*uh = (struct udphdr){
		.source	= from,
		.dest	= tunnel.port,
		.len	= htons(skb->len),
	};
}

static void push_gre(struct sk_buff *skb, union opvs_tunnel tunnel, u8 inner)
{
	struct gre_base_hdr *gre = skb_push(skb, gre_len(tunnel));

	memset(gre, 0, gre_len(tunnel));
	gre->protocol = htons(inner == IPPROTO_IPV6 ? ETH_P_IPV6 : ETH_P_IP);
	if (has_csum(tunnel))
		gre->flags = GRE_CSUM;
}

/**
 * opvs_encap_push() - put the headers of a tunnel in front of a packet
 * @net: namespace, whose range of ports is used
 * @skb: packet, with room for opvs_encap_len() and its header its own; its
 *	network and transport headers are known
 * @tunnel: tunnel
 * @inner: what it holds: IPPROTO_IPIP or IPPROTO_IPV6
 * @family: NFPROTO_* of the outer header that is to come
 *
 * The transport header is the tunnel's then.
 *
 * Context: softirq or BH disabled.
 * Return: the protocol of the outer header, or -ENOMEM.
 */
int opvs_encap_push(struct net *net, struct sk_buff *skb, union opvs_tunnel tunnel,
		    u8 inner, u8 family)
{
	bool remcsum = leaves_csum(skb, tunnel);
	int err, proto = inner;
	__be16 from = 0;

	/* Equal for all packets of a flow, so that they take the same way. */
	if (tunnel.type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		from = udp_flow_src_port(net, skb, 0, 0, false);
	err = iptunnel_handle_offloads(skb, gso_type(tunnel, family, remcsum));
	if (err)
		return err;
	/* The link header that it came with is not part of it. */
	skb_set_inner_mac_header(skb, skb_inner_network_offset(skb));

	switch (tunnel.type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		skb_set_inner_ipproto(skb, inner);
		push_gue(skb, tunnel, inner, remcsum, from);
		proto = IPPROTO_UDP;
		break;
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		skb_set_inner_protocol(skb, inner == IPPROTO_IPV6 ?
				       htons(ETH_P_IPV6) : htons(ETH_P_IP));
		push_gre(skb, tunnel, inner);
		proto = IPPROTO_GRE;
		break;
	default:
		skb_set_inner_ipproto(skb, inner);
	}
	skb_reset_transport_header(skb);
	return proto;
}

/* RFC 2784 s2.4: of the GRE header and the packet.  A GSO packet's segments get
 * theirs when they are cut.
 */
static void check_gre(struct sk_buff *skb)
{
	struct gre_base_hdr *gre = (void *)skb_transport_header(skb);
	struct gre_csum *part = (void *)(gre + 1);
	__wsum sum;

	if (skb_is_gso(skb))
		return;
	sum = skb->ip_summed == CHECKSUM_PARTIAL ?
	      lco_csum(skb) : skb_checksum(skb, 0, skb->len, 0);
	part->csum = csum_fold(sum);
}

/**
 * opvs_encap_check() - fill in the checksum of a tunnel's header
 * @skb: packet, at what opvs_encap_push() put in front of it
 * @tunnel: tunnel
 * @family: NFPROTO_* of the outer header
 * @from: its source
 * @to: its destination
 *
 * UDP without a checksum is allowed to tunnels over IPv6, too (RFC 6935).
 *
 * Context: any.
 */
void opvs_encap_check(struct sk_buff *skb, union opvs_tunnel tunnel,
		      u8 family, const union nf_inet_addr *from,
		      const union nf_inet_addr *to)
{
	bool none = !has_csum(tunnel);

	if (tunnel.type == IP_VS_CONN_F_TUNNEL_TYPE_GRE) {
		if (!none)
			check_gre(skb);
		return;
	}
	if (tunnel.type != IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		return;
	if (family == NFPROTO_IPV6)
		udp6_set_csum(none, skb, &from->in6, &to->in6, skb->len);
	else
		udp_set_csum(none, skb, from->ip, to->ip, skb->len);
}
