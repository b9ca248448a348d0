// SPDX-License-Identifier: GPL-2.0-only
/* Where the network namespace would send packets, and whence it takes them. */
#include "route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>

static size_t addr_size(const struct name_addr *addr)
{
	return addr->family == AF_INET6 ? 16 : 4;
}

/**
 * route_open() - begins to ask for routes and neighbours
 *
 * Return: a socket for the functions below, for nl_socket_free(); NULL if there
 * is none.
 */
struct nl_sock *route_open(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (!sock)
		return NULL;
	if (nl_connect(sock, NETLINK_ROUTE)) {
		nl_socket_free(sock);
		return NULL;
	}
	/* One answer to each question. */
	nl_socket_disable_auto_ack(sock);
	return sock;
}

/* What an answer holds. The caller frees @buffer. */
struct answer {
	struct nlmsghdr	*head;
	unsigned char	*buffer;
};

/* Asks for one thing. Returns 0 or the kernel's error number. */
static int ask(struct nl_sock *sock, struct nl_msg *msg, struct answer *answer)
{
	struct sockaddr_nl from;
	int len;

	answer->buffer = NULL;
	if (!msg)
		return -ENOMEM;
	len = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	if (len >= 0)
		len = nl_recv(sock, &from, &answer->buffer, NULL);
	answer->head = (struct nlmsghdr *)answer->buffer;
	if (len <= 0 || !nlmsg_ok(answer->head, len))
		return -EIO;
	if (answer->head->nlmsg_type != NLMSG_ERROR)
		return 0;
	if (nlmsg_datalen(answer->head) < (int)sizeof(struct nlmsgerr))
		return -EIO;
	return ((struct nlmsgerr *)nlmsg_data(answer->head))->error;
}

static struct nl_msg *request(int type, const void *header, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	if (msg && nlmsg_append(msg, (void *)header, size, NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

static struct nl_msg *put_addr(struct nl_msg *msg, int attr,
			       const struct name_addr *addr)
{
	if (msg && nla_put(msg, attr, addr_size(addr), addr->bytes)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

static void take_route(const struct nlmsghdr *head, uint16_t family,
		       struct route *route)
{
	struct nlattr *attrs[RTA_MAX + 1];

	if (nlmsg_parse((struct nlmsghdr *)head, sizeof(struct rtmsg), attrs,
			RTA_MAX, NULL))
		return;
	route->type = ((struct rtmsg *)nlmsg_data(head))->rtm_type;
	if (attrs[RTA_OIF] && nla_len(attrs[RTA_OIF]) >= 4)
		route->device = nla_get_u32(attrs[RTA_OIF]);
	if (attrs[RTA_GATEWAY])
		name_take_addr(&route->gateway, family, attrs[RTA_GATEWAY]);
	if (attrs[RTA_PREFSRC])
		name_take_addr(&route->source, family, attrs[RTA_PREFSRC]);
}

/**
 * route_to() - the way to an address
 * @sock: of route_open()
 * @to: the address
 * @route: the way
 *
 * Return: 0, or the error number that a sender would get.
 */
int route_to(struct nl_sock *sock, const struct name_addr *to,
	     struct route *route)
{
	struct rtmsg header = {
		.rtm_family = to->family, .rtm_dst_len = 8 * addr_size(to),
	};
	struct answer answer;
	int err;

	memset(route, 0, sizeof(*route));
	err = ask(sock, put_addr(request(RTM_GETROUTE, &header, sizeof(header)),
				 RTA_DST, to), &answer);
	if (!err && answer.head->nlmsg_type == RTM_NEWROUTE)
		take_route(answer.head, to->family, route);
	free(answer.buffer);
	return err;
}

/**
 * route_from() - would a packet that comes in be taken?
 * @sock: of route_open()
 * @from: where it comes from
 * @to: where it goes to
 * @device: by which it comes in
 *
 * Return: 0, or an error number: EXDEV if the way back does not lead through the
 * device, and rp_filter minds; of newer kernels EINVAL for whatever reason.
 */
int route_from(struct nl_sock *sock, const struct name_addr *from,
	       const struct name_addr *to, int device)
{
	struct rtmsg header = {
		.rtm_family = to->family, .rtm_dst_len = 8 * addr_size(to),
		.rtm_src_len = 8 * addr_size(from),
	};
	struct answer answer;
	struct nl_msg *msg;
	int err;

	msg = put_addr(put_addr(request(RTM_GETROUTE, &header, sizeof(header)),
				RTA_DST, to), RTA_SRC, from);
	if (msg && nla_put_u32(msg, RTA_IIF, device)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	err = ask(sock, msg, &answer);
	free(answer.buffer);
	return err;
}

/**
 * route_neighbour() - the link-layer address of a host on a link
 * @sock: of route_open()
 * @addr: the host's address
 * @device: index of the link's device
 * @mac: its address, of ROUTE_MAC_LEN
 *
 * Return: whether it is known.
 */
bool route_neighbour(struct nl_sock *sock, const struct name_addr *addr,
		     int device, unsigned char *mac)
{
	struct ndmsg header = {
		.ndm_family = addr->family, .ndm_ifindex = device,
	};
	struct nlattr *attrs[NDA_MAX + 1];
	struct answer answer;
	bool found = false;

	if (!ask(sock, put_addr(request(RTM_GETNEIGH, &header, sizeof(header)),
				NDA_DST, addr), &answer) &&
	    answer.head->nlmsg_type == RTM_NEWNEIGH &&
	    !nlmsg_parse(answer.head, sizeof(struct ndmsg), attrs, NDA_MAX,
			 NULL) &&
	    attrs[NDA_LLADDR] && nla_len(attrs[NDA_LLADDR]) == ROUTE_MAC_LEN) {
		memcpy(mac, nla_data(attrs[NDA_LLADDR]), ROUTE_MAC_LEN);
		found = true;
	}
	free(answer.buffer);
	return found;
}
