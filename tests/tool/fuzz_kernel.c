// SPDX-License-Identifier: GPL-2.0-only
/* A kernel that is none: it takes all commands, and answers what the real one might,
 * or what no kernel should.  Whatever attributes there are is filled in by what
 * nla.c says of them; damage leaves some out, adds unknown ones, gives others a wrong
 * length or a number out of range, cuts the message short, or changes its bytes.
 */
#include "fuzz_kernel.h"

#include "fuzz.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#define FAMILY		0x1c
#define ANSWER_ROOM	65536

/* What is in a nest. */
struct nest {
	const struct adm_set	*in;
	int			attr;
	const struct adm_set	*set;
};

static const struct nest nests[] = {
	{ &adm_message, IPVS_CMD_ATTR_SERVICE, &adm_service },
	{ &adm_message, IPVS_CMD_ATTR_DEST, &adm_dest },
	{ &adm_message, IPVS_CMD_ATTR_DAEMON, &adm_daemon },
	{ &adm_message, OPVS_CMD_ATTR_COUNTERS, &adm_counters },
	{ &adm_message, OPVS_CMD_ATTR_CONN, &adm_conn },
	{ &adm_message, OPVS_CMD_ATTR_POLICY, &adm_policy },
	{ &adm_message, OPVS_CMD_ATTR_TABLE, &adm_table },
	{ &adm_message, OPVS_CMD_ATTR_EVENT, &adm_event },
	{ &adm_message, OPVS_CMD_ATTR_DECISION, &adm_explain },
	{ &adm_service, IPVS_SVC_ATTR_STATS, &adm_stats },
	{ &adm_service, IPVS_SVC_ATTR_STATS64, &adm_stats64 },
	{ &adm_dest, IPVS_DEST_ATTR_STATS, &adm_stats },
	{ &adm_dest, IPVS_DEST_ATTR_STATS64, &adm_stats64 },
	{ &adm_counters, OPVS_COUNTERS_ATTR_COUNTER, &adm_counter },
	{ &adm_policy, OPVS_POLICY_ATTR_TIMEOUT, &adm_timeout },
	{ &adm_table, OPVS_TABLE_ATTR_SWEEP, &adm_sweep },
	{ &adm_table, OPVS_TABLE_ATTR_SHARD, &adm_shard },
	{ &adm_explain, OPVS_EXPLAIN_ATTR_CHANGE, &adm_change },
	{ &adm_explain, OPVS_EXPLAIN_ATTR_CANDIDATE, &adm_candidate },
	{ &adm_explain, OPVS_EXPLAIN_ATTR_SERVER, &adm_candidate },
	{ &adm_explain, OPVS_EXPLAIN_ATTR_OWNER, &adm_candidate },
};

/* Where families stand: the addresses beside them have their size. */
static const struct {
	const struct adm_set	*in;
	int			attr;
} families[] = {
	{ &adm_service, IPVS_SVC_ATTR_AF },
	{ &adm_dest, IPVS_DEST_ATTR_ADDR_FAMILY },
	{ &adm_conn, OPVS_CONN_ATTR_FAMILY },
	{ &adm_explain, OPVS_EXPLAIN_ATTR_FAMILY },
};

/* The command that is being answered. */
static struct {
	unsigned int	seq;
	unsigned int	port;
	unsigned int	type;
	unsigned int	command;
	bool		list;
	unsigned int	left;		/* messages until the end */
	unsigned int	batch;		/* commands that are answered in turn */
} asked;

static unsigned int breaks;
static unsigned int family_now;		/* of the answer: AF_INET or AF_INET6 */
unsigned long fuzz_kernel_answers;

/**
 * fuzz_kernel_reset() - begins anew
 * @damage: how much is broken: 0 nothing, else one thing in 64 / @damage
 */
void fuzz_kernel_reset(unsigned int damage)
{
	memset(&asked, 0, sizeof(asked));
	breaks = damage;
}

static bool broken(void)
{
	return breaks && fuzz_once_in(64 / breaks + 1);
}

/* ---- attributes ---- */

static unsigned long long some_number(void)
{
	static const unsigned long long ends[] = {
		0, 1, 2, 6, 17, 80, 5060, 65535, 65536, INT32_MAX, UINT32_MAX,
		INT64_MAX, UINT64_MAX,
	};

	if (fuzz_once_in(3))
		return ends[fuzz_below(sizeof(ends) / sizeof(*ends))];
	return fuzz_below(100);
}

static size_t size_of(const struct adm_set *set, int attr)
{
	const struct nla_policy *policy = &set->policy[attr];
	static const size_t sizes[] = {
		[NLA_U8] = 1, [NLA_U16] = 2, [NLA_U32] = 4, [NLA_U64] = 8,
	};

	if (policy->type < sizeof(sizes) / sizeof(*sizes) && sizes[policy->type])
		return sizes[policy->type];
	if (policy->type == NLA_FLAG)
		return 0;
	if (policy->minlen)
		return policy->minlen;
	/* Addresses have no type; texts have one. */
	return family_now == AF_INET6 ? 16 : 4;
}

static void put_text(struct nl_msg *msg, int attr)
{
	static const char *const texts[] = {
		"rr", "mh", "sip", "default", "gold", "ESTABLISHED", "SYN_RECV",
		"forwarded", "drop_no_server", "service_packets", "eth0", "",
		"a-name-that-is-much-longer-than-any-of-those-that-the-kernel-has",
		"%s%n", "\x1b[2J", "\xff\xfe",
	};
	const char *text = texts[fuzz_below(sizeof(texts) / sizeof(*texts))];

	/* The end of a text may be missing. */
	if (broken())
		nla_put(msg, attr, strlen(text), text);
	else
		nla_put_string(msg, attr, text);
}

static bool is_family(const struct adm_set *set, int attr)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (families[i].in == set && families[i].attr == attr)
			return true;
	return false;
}

static void put_bytes(struct nl_msg *msg, const struct adm_set *set, int attr)
{
	size_t size = size_of(set, attr), i;
	unsigned long long number = some_number();
	unsigned char data[512];

	if (is_family(set, attr) && !broken())
		number = family_now;
	for (i = 0; i < sizeof(data); i++)
		data[i] = fuzz_below(256);
	if (size <= sizeof(number))
		memcpy(data, &number, size);
	if (broken())
		size = fuzz_below(fuzz_once_in(4) ? sizeof(data) : 20);
	nla_put(msg, attr, size, data);
}

static void put_set(struct nl_msg *msg, const struct adm_set *set, int depth);

static void put_attr(struct nl_msg *msg, const struct adm_set *set, int attr,
		     int depth)
{
	struct nlattr *nest;
	size_t i;

	for (i = 0; i < sizeof(nests) / sizeof(*nests); i++) {
		if (nests[i].in != set || nests[i].attr != attr || depth > 5)
			continue;
		nest = nla_nest_start(msg, attr | NLA_F_NESTED);
		if (!nest)
			return;
		put_set(msg, broken() ? nests[fuzz_below(sizeof(nests) /
							 sizeof(*nests))].set :
			nests[i].set, depth + 1);
		nla_nest_end(msg, nest);
		return;
	}
	if (set->policy[attr].type == NLA_STRING)
		put_text(msg, attr);
	else
		put_bytes(msg, set, attr);
}

static void put_set(struct nl_msg *msg, const struct adm_set *set, int depth)
{
	int attr, times;

	for (attr = 1; attr <= set->max; attr++) {
		if (broken())
			continue;
		if (set->policy[attr].type == NLA_FLAG && fuzz_once_in(2))
			continue;
		/* Lists repeat an attribute. */
		times = set->policy[attr].type == NLA_NESTED ?
			1 + fuzz_below(2) : 1;
		while (times--)
			put_attr(msg, set, attr, depth);
	}
	if (broken())
		put_bytes(msg, set, 1);
	if (broken())
		nla_put_u32(msg, set->max + 1 + fuzz_below(60), some_number());
}

/* ---- messages ---- */

static struct nl_msg *new_message(int type, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(ANSWER_ROOM);

	if (!msg || !nlmsg_put(msg, broken() ? fuzz_below(99) : asked.port,
			       broken() ? fuzz_below(99) : asked.seq, type, 0,
			       flags))
		abort();
	return msg;
}

static struct nl_msg *make_answer(void)
{
	struct genlmsghdr head = {
		.cmd = broken() ? fuzz_below(80) : asked.command, .version = 1,
	};
	struct nl_msg *msg = new_message(FAMILY, asked.list ? NLM_F_MULTI : 0);

	family_now = fuzz_once_in(2) ? AF_INET6 : AF_INET;
	nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO);
	put_set(msg, asked.command == IPVS_CMD_GET_INFO ? &adm_info :
		&adm_message, 0);
	return msg;
}

/* The end: of a list, or an error number, with a sentence perhaps. */
static struct nl_msg *make_end(void)
{
	static const int errors[] = {
		-EPERM, -ENOENT, -EEXIST, -EINVAL, -ENOMEM, -ESRCH, -1000, 1,
	};
	struct nlmsgerr error = { .error = 0 };
	struct nl_msg *msg;
	int done = 0;

	if (asked.list && !broken()) {
		msg = new_message(NLMSG_DONE, NLM_F_MULTI);
		nlmsg_append(msg, &done, sizeof(done), NLMSG_ALIGNTO);
		return msg;
	}
	if (breaks && fuzz_once_in(4))
		error.error = errors[fuzz_below(sizeof(errors) /
						sizeof(*errors))];
	msg = new_message(NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED);
	error.msg.nlmsg_len = sizeof(error.msg);
	nlmsg_append(msg, &error, sizeof(error), NLMSG_ALIGNTO);
	if (fuzz_once_in(2))
		put_text(msg, NLMSGERR_ATTR_MSG);
	return msg;
}

/* The way to an address, or a neighbour: that there is none, now and then. */
static struct nl_msg *make_route(void)
{
	static const int attrs[] = {
		RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, NDA_LLADDR,
	};
	struct rtmsg head = {
		.rtm_family = AF_INET, .rtm_type = 1 + fuzz_below(3),
	};
	unsigned char data[16] = { 10, fuzz_below(9), 9, 9 };
	struct nl_msg *msg;
	size_t i;

	if (fuzz_once_in(8))
		return make_end();
	msg = new_message(asked.type == RTM_GETROUTE ? RTM_NEWROUTE :
						       RTM_NEWNEIGH, 0);
	nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO);
	for (i = 0; i < sizeof(attrs) / sizeof(*attrs); i++)
		if (fuzz_once_in(2))
			nla_put(msg, attrs[i], broken() ? fuzz_below(16) :
				attrs[i] == NDA_LLADDR ? 6 : 4, data);
	return msg;
}

/* A message as it comes from a socket, exactly as large as it is, so that who reads
 * on is found.
 */
static int give_message(struct nl_msg *msg, struct sockaddr_nl *from,
			unsigned char **buffer)
{
	size_t size = nlmsg_hdr(msg)->nlmsg_len;

	memset(from, 0, sizeof(*from));
	from->nl_family = AF_NETLINK;
	*buffer = malloc(2 * size + 64);
	if (!*buffer)
		abort();
	memcpy(*buffer, nlmsg_hdr(msg), size);
	nlmsg_free(msg);
	if (broken())
		size = fuzz_change(*buffer, size, 2 * size);
	if (broken())
		size = fuzz_below(size) + 1;
	*buffer = realloc(*buffer, size);
	fuzz_kernel_answers++;
	return size;
}

/* What libnl calls instead of reading its socket. */
static int give(struct nl_sock *sock, struct sockaddr_nl *from,
		unsigned char **buffer, struct ucred **credentials)
{
	int len;

	(void)sock;
	(void)credentials;
	if (asked.batch) {
		asked.batch--;
		len = give_message(broken() ? make_end() : make_answer(), from,
				   buffer);
		asked.seq++;
		return len;
	}
	if (!asked.left)
		return -NLE_AGAIN;
	asked.left--;
	return give_message(asked.left ? make_answer() : make_end(), from,
			    buffer);
}

/* ---- in place of libraries ---- */

int __wrap_genl_connect(struct nl_sock *sock)
{
	(void)sock;
	return 0;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	(void)sock;
	(void)name;
	return FAMILY;
}

int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sock, const char *family,
				 const char *group)
{
	(void)sock;
	(void)family;
	(void)group;
	/* Whoever listens gets some events, then the end. */
	asked.list = true;
	asked.left = 8;
	return 5;
}

int __wrap_nl_connect(struct nl_sock *sock, int protocol)
{
	(void)sock;
	(void)protocol;
	return 0;
}

int __wrap_nl_recv(struct nl_sock *sock, struct sockaddr_nl *from,
		   unsigned char **buffer, struct ucred **credentials)
{
	(void)sock;
	(void)credentials;
	return give_message(make_route(), from, buffer);
}

int __wrap_nl_socket_add_membership(struct nl_sock *sock, int group)
{
	(void)sock;
	(void)group;
	return 0;
}

int __wrap_nl_send_auto(struct nl_sock *sock, struct nl_msg *msg)
{
	const struct genlmsghdr *head;

	nl_complete_msg(sock, msg);
	asked.type = nlmsg_hdr(msg)->nlmsg_type;
	asked.seq = nlmsg_hdr(msg)->nlmsg_seq;
	asked.port = nlmsg_hdr(msg)->nlmsg_pid;
	if (asked.type != FAMILY)
		return nlmsg_hdr(msg)->nlmsg_len;
	head = nlmsg_data(nlmsg_hdr(msg));
	asked.command = head->cmd;
	asked.list = nlmsg_hdr(msg)->nlmsg_flags & NLM_F_DUMP;
	asked.left = asked.list ? 1 + fuzz_below(6) : 2;
	return nlmsg_hdr(msg)->nlmsg_len;
}

/* Several commands at a time. */
int __wrap_nl_sendto(struct nl_sock *sock, void *data, size_t size)
{
	const struct nlmsghdr *head = data;
	int rest = size;

	(void)sock;
	asked.type = head->nlmsg_type;
	asked.seq = head->nlmsg_seq;
	asked.port = head->nlmsg_pid;
	asked.command = ((const struct genlmsghdr *)nlmsg_data(head))->cmd;
	asked.list = false;
	asked.left = 0;
	for (asked.batch = 0; NLMSG_OK(head, rest); asked.batch++)
		head = NLMSG_NEXT(head, rest);
	return size;
}

int __wrap_nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb)
{
	nl_cb_overwrite_recv(cb, give);
	return __real_nl_recvmsgs(sock, cb);
}

int __wrap_nl_recvmsgs_default(struct nl_sock *sock)
{
	struct nl_cb *cb = nl_socket_get_cb(sock);
	int err;

	asked.command = OPVS_CMD_SERVICE_ADDED +
			fuzz_below(__OPVS_CMD_MAX - OPVS_CMD_SERVICE_ADDED);
	nl_cb_overwrite_recv(cb, give);
	err = __real_nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	return err;
}

int __wrap_getaddrinfo(const char *node, const char *service,
		       const struct addrinfo *hints, struct addrinfo **found)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)found;
	return EAI_NONAME;
}

int __wrap_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
		       socklen_t host_len, char *service, socklen_t service_len,
		       int flags)
{
	(void)addr;
	(void)len;
	(void)host;
	(void)host_len;
	(void)service;
	(void)service_len;
	(void)flags;
	return EAI_NONAME;
}

/* It is nft that is asked. */
FILE *__wrap_popen(const char *command, const char *mode)
{
	FILE *file = tmpfile();
	size_t size;
	char *text = fuzz_ruleset_text(breaks, &size);

	(void)command;
	(void)mode;
	if (file) {
		fwrite(text, 1, size, file);
		rewind(file);
	}
	free(text);
	return file;
}

int __wrap_pclose(FILE *file)
{
	return fclose(file);
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0;
}

int __wrap_rules_lock(void)
{
	return 0;
}

int __wrap_rules_try(const struct rules *rules, const char *name)
{
	(void)rules;
	(void)name;
	return 0;
}

int __wrap_setting_write(const struct setting *setting)
{
	(void)setting;
	return fuzz_once_in(8) ? -ENOENT : 0;
}

unsigned int __wrap_sleep(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

int __wrap_socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)type;
	(void)protocol;
	errno = EAFNOSUPPORT;
	return -1;
}
