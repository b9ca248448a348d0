// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of the daemons: UDP to and from a multicast group, by one interface.
 *
 * They belong to the kernel and hold no reference to their namespace, so that
 * this one can end; its end stops the daemons.
 */
#include "daemon.h"

#include <opvs/netns.h>
#include <opvs/wq.h>

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/minmax.h>
#include <linux/net.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>

/* Datagrams that are read before others get a turn. */
#define EAR_BATCH	64

/* Room for what comes while a backup is at something else, unless a setting says
 * how much: as much as a master tells in a second or two to one that catches up.
 */
#define EAR_BUFFER	SZ_4M

/* How long a full device is waited for. */
#define SEND_TIMEOUT	(HZ / 5)

static int set_option(struct socket *sock, int level, int name, void *value,
		      unsigned int len)
{
	return sock->ops->setsockopt(sock, level, name, KERNEL_SOCKPTR(value),
				     len);
}

static int set_int(struct socket *sock, int level, int name, int value)
{
	return set_option(sock, level, name, &value, sizeof(value));
}

static bool is_v6(const struct opvs_daemon *d)
{
	return d->conf.family == NFPROTO_IPV6;
}

/* Where datagrams of a port go, and ears listen. */
static int group_addr(const struct opvs_daemon *d, int ifindex,
		      unsigned int nth, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	__be16 port = htons(d->conf.port + nth);

	memset(addr, 0, sizeof(*addr));
	if (is_v6(d)) {
		*in6 = (struct sockaddr_in6){
			.sin6_family	= AF_INET6,
			.sin6_port	= port,
			.sin6_addr	= d->conf.group.in6,
			.sin6_scope_id	= ifindex,
		};
		return sizeof(*in6);
	}
	*in = (struct sockaddr_in){
		.sin_family		= AF_INET,
		.sin_port		= port,
		.sin_addr.s_addr	= d->conf.group.ip,
	};
	return sizeof(*in);
}

/* The kernel doubles what a program asks for, and so does this. */
static void set_mouth_buffer(struct sock *sk, int size)
{
	if (size <= 0)
		return;
	lock_sock(sk);
	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, max_t(int, min(size, INT_MAX / 2) * 2,
					SOCK_MIN_SNDBUF));
	release_sock(sk);
}

static struct socket *socket_open(const struct opvs_daemon *d, int ifindex)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(d->on->net, is_v6(d) ? PF_INET6 : PF_INET,
			       SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return ERR_PTR(err);
	sock->sk->sk_allocation = GFP_KERNEL;
	err = sock_bindtoindex(sock->sk, ifindex, true);
	if (!err && is_v6(d))
		err = set_int(sock, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!err)
		return sock;
	sock_release(sock);
	return ERR_PTR(err);
}

static int mouth_options(const struct opvs_daemon *d, struct socket *sock,
			 int ifindex)
{
	struct ip_mreqn by = { .imr_ifindex = ifindex };

	if (is_v6(d))
		return set_int(sock, IPPROTO_IPV6, IPV6_MULTICAST_HOPS,
			       d->conf.ttl) ?:
		       set_int(sock, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) ?:
		       set_int(sock, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			       IPV6_PMTUDISC_DONT) ?:
		       set_int(sock, IPPROTO_IPV6, IPV6_MULTICAST_IF, ifindex);
	return set_int(sock, IPPROTO_IP, IP_MULTICAST_TTL, d->conf.ttl) ?:
	       set_int(sock, IPPROTO_IP, IP_MULTICAST_LOOP, 0) ?:
	       set_int(sock, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT) ?:
	       set_option(sock, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by));
}

/**
 * opvs_mouth_open() - open the socket for what a daemon sends
 * @d: daemon
 * @ifindex: by which interface
 *
 * Context: process; takes RTNL.
 * Return: 0, and opvs_mouth_close() undoes it; or a negative errno.
 */
int opvs_mouth_open(struct opvs_daemon *d, int ifindex)
{
	struct socket *sock = socket_open(d, ifindex);
	int err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	set_mouth_buffer(sock->sk, READ_ONCE(d->on->settings.sync_sock_size));
	sock->sk->sk_sndtimeo = SEND_TIMEOUT;
	err = mouth_options(d, sock, ifindex);
	if (err) {
		sock_release(sock);
		return err;
	}
	mutex_lock(&d->lock);
	d->mouth = sock;
	mutex_unlock(&d->lock);
	return 0;
}

/**
 * opvs_mouth_close() - undo opvs_mouth_open(), if it was done
 * @d: daemon
 *
 * Context: process.
 */
void opvs_mouth_close(struct opvs_daemon *d)
{
	mutex_lock(&d->lock);
	if (d->mouth)
		sock_release(d->mouth);
	d->mouth = NULL;
	mutex_unlock(&d->lock);
}

/**
 * opvs_mouth_send() - send a datagram to the group
 * @d: daemon
 * @nth: port, from 0
 * @data: the datagram
 * @len: its length
 *
 * Context: process; the daemon's lock is held.  Sleeps, for SEND_TIMEOUT at most.
 * Return: 0; -ENODEV while there is no interface; another negative errno.
 */
int opvs_mouth_send(struct opvs_daemon *d, unsigned int nth, const u8 *data,
		    unsigned int len)
{
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	struct sockaddr_storage addr;
	struct msghdr msg = {
		.msg_name = &addr,
		.msg_flags = MSG_NOSIGNAL,
	};
	int ret;

	lockdep_assert_held(&d->lock);

	if (!d->mouth)
		return -ENODEV;
	msg.msg_namelen = group_addr(d, d->mouth->sk->sk_bound_dev_if, nth,
				     &addr);
	ret = kernel_sendmsg(d->mouth, &msg, &vec, 1, len);
	if (ret < 0)
		return ret;
	return ret == len ? 0 : -EMSGSIZE;
}

/* Softirq: a datagram came. */
static void ear_ready(struct sock *sk)
{
	struct opvs_ear *ear;

	read_lock_bh(&sk->sk_callback_lock);
	ear = sk->sk_user_data;
	if (ear)
		queue_work(opvs_wq, &ear->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

static int ear_read(struct opvs_ear *ear)
{
	struct kvec vec = { .iov_base = ear->data, .iov_len = ear->room };
	struct msghdr msg = {};

	/* One that is longer than the room is cut, and no good then. */
	return kernel_recvmsg(ear->sock, &msg, &vec, 1, ear->room, MSG_DONTWAIT);
}

static void ear_work(struct work_struct *work)
{
	struct opvs_ear *ear = container_of(work, struct opvs_ear, work);
	int len, n;

	for (n = 0; n < EAR_BATCH && !READ_ONCE(ear->of->stopping); n++) {
		len = ear_read(ear);
		/* An error of the socket is told once; what came goes on. */
		if (len == -EAGAIN)
			return;
		if (len >= 0)
			opvs_hear(ear->of, ear->data, len);
		cond_resched();
	}
	if (!READ_ONCE(ear->of->stopping))
		queue_work(opvs_wq, &ear->work);
}

static int ear_join(const struct opvs_daemon *d, struct socket *sock,
		    int ifindex)
{
	struct ip_mreqn v4 = {
		.imr_multiaddr.s_addr	= d->conf.group.ip,
		.imr_ifindex		= ifindex,
	};
	struct ipv6_mreq v6 = {
		.ipv6mr_multiaddr	= d->conf.group.in6,
		.ipv6mr_ifindex		= ifindex,
	};

	if (is_v6(d))
		return set_option(sock, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &v6,
				  sizeof(v6));
	return set_option(sock, IPPROTO_IP, IP_ADD_MEMBERSHIP, &v4,
			  sizeof(v4));
}

static void ear_listen(struct opvs_ear *ear)
{
	struct sock *sk = ear->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	ear->ready = sk->sk_data_ready;
	sk->sk_user_data = ear;
	sk->sk_data_ready = ear_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	/* For what came before. */
	queue_work(opvs_wq, &ear->work);
}

/**
 * opvs_ear_open() - open a socket on which a daemon hears the group
 * @d: daemon
 * @ear: of it, zeroed
 * @ifindex: by which interface
 * @nth: port, from 0
 *
 * Context: process; takes RTNL.
 * Return: 0, and opvs_ear_close() undoes it; or a negative errno.
 */
int opvs_ear_open(struct opvs_daemon *d, struct opvs_ear *ear, int ifindex,
		  unsigned int nth)
{
	struct sockaddr_storage addr;
	struct socket *sock;
	int err, len, size;

	ear->of = d;
	ear->room = max_t(unsigned int, d->conf.maxlen, 2048);
	INIT_WORK(&ear->work, ear_work);
	ear->data = kvmalloc(ear->room, GFP_KERNEL_ACCOUNT);
	if (!ear->data)
		return -ENOMEM;
	sock = socket_open(d, ifindex);
	if (IS_ERR(sock)) {
		err = PTR_ERR(sock);
		goto err_data;
	}
	/* Both daemons of a namespace may listen. */
	sock_set_reuseaddr(sock->sk);
	size = READ_ONCE(d->on->settings.sync_sock_size);
	sock_set_rcvbuf(sock->sk, size > 0 ? size : EAR_BUFFER);
	len = group_addr(d, ifindex, nth, &addr);
	err = kernel_bind(sock, (void *)&addr, len);
	if (!err)
		err = ear_join(d, sock, ifindex);
	if (err)
		goto err_sock;
	ear->sock = sock;
	ear_listen(ear);
	return 0;

err_sock:
	sock_release(sock);
err_data:
	kvfree(ear->data);
	ear->data = NULL;
	return err;
}

/**
 * opvs_ear_close() - undo opvs_ear_open(), if it was done
 * @ear: ear
 *
 * Context: process; takes RTNL.  Waits for what is read just now.
 */
void opvs_ear_close(struct opvs_ear *ear)
{
	struct sock *sk;

	if (!ear->sock)
		return;
	sk = ear->sock->sk;
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = ear->ready;
	write_unlock_bh(&sk->sk_callback_lock);
	cancel_work_sync(&ear->work);
	sock_release(ear->sock);
	ear->sock = NULL;
	kvfree(ear->data);
}
