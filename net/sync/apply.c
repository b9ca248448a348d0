// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a partner tells of a connection or template, made an entry of this director.
 *
 * Services and servers are those that are configured here: an entry whose server is
 * not known is left out, and comes again when the partner refreshes it, or is asked
 * for all it has.  (ip_vs keeps such ones without a server, and sends their packets
 * to an address that anybody could have named.)  Whatever a message says, it is held
 * against the protocol's states and the limits, as if a packet had come.
 */
#include <opvs/sync.h>

#include <opvs/app.h>
#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/policy.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/ip_vs.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>

/* Packets of the client by which a template is one in use. */
#define IN_USE	2

static bool is_template(const struct opvs_sync_entry *e)
{
	return e->flags & IP_VS_CONN_F_TEMPLATE;
}

/* Does a message contradict itself, or the protocol?  Templates of services by mark
 * are of any protocol.
 */
static bool is_absurd(const struct opvs_sync_entry *e)
{
	const struct opvs_proto *proto = opvs_proto_find(e->proto);

	if (e->flags & IP_VS_CONN_F_ONE_PACKET || e->flags & OPVS_CONN_F_OWN)
		return true;
	if (is_template(e))
		return e->cport || e->state > OPVS_TEMPLATE_S_ASSURED ||
		       (!proto && (e->proto || !e->mark));
	return !proto || e->state >= proto->num_states || !e->cport ||
	       !e->dport || e->key;
}

static struct opvs_svc *find_by_port(struct opvs_net *on,
				     const struct opvs_sync_entry *e, __be16 port)
{
	struct opvs_svc_key key = {
		.addr	= e->vaddr,
		.port	= port,
		.family	= e->family,
		.proto	= e->proto,
	};

	return opvs_svc_find(on, &key);
}

/* A data connection of FTP comes to another port than its service's. */
static struct opvs_svc *find_by_control(struct opvs_net *on,
					const struct opvs_sync_entry *e)
{
	struct opvs_svc *svc = NULL;
	unsigned int nth;
	__be16 port;

	if (e->proto != IPPROTO_TCP || is_template(e))
		return NULL;
	for (nth = 0; !svc && (port = opvs_app_nth_port(nth)); nth++)
		svc = find_by_port(on, e, port);
	return svc;
}

static struct opvs_svc *find_svc(struct opvs_net *on,
				 const struct opvs_sync_entry *e)
{
	struct opvs_svc_key key = {
		.addr.all[0]	= e->mark,
		.family		= e->family,
	};
	struct opvs_svc *svc;

	if (e->mark)
		return opvs_svc_find(on, &key);
	svc = find_by_port(on, e, e->vport);
	if (!svc && !is_template(e))
		svc = find_by_port(on, e, 0);
	return svc ?: find_by_control(on, e);
}

/* A server for all ports is asked at the port that the client asked.  An expected
 * connection is told by its server's address alone: its port is its own.
 */
static struct opvs_dest *find_dest(const struct opvs_svc *svc,
				   const struct opvs_sync_entry *e)
{
	bool expected = svc->key.port && svc->key.port != e->vport;
	struct opvs_dest_key key = {
		.addr	= e->daddr,
		.port	= e->dport,
		.family	= e->family,
	};
	struct opvs_dest *dest = opvs_dest_find(svc, &key);

	/* Port 0 would name the service's own. */
	if (dest && dest->port == e->dport)
		return dest;
	key.port = 0;
	dest = opvs_dest_find(svc, &key);
	if (!dest || expected)
		return dest;
	return !dest->port && (is_template(e) || e->dport == e->vport) ? dest :
									  NULL;
}

static void set_tuple(struct opvs_table_key *key,
		      const struct opvs_sync_entry *e)
{
	key->tuple = (struct opvs_tuple){
		.family	= e->family,
		.proto	= e->proto,
		.src	= e->caddr,
		.dst	= e->vaddr,
		.sport	= e->cport,
		.dport	= e->vport,
		.kind	= is_template(e) ? OPVS_TUPLE_TEMPLATE :
					   OPVS_TUPLE_REQUEST,
	};
	key->now = jiffies;
	if (!e->key)
		return;
	key->pe = opvs_pe_find(e->pe_name);
	key->key = e->key;
	key->key_len = e->key_len;
}

static u32 entry_seconds(const struct opvs_svc *svc,
			 const struct opvs_sync_entry *e)
{
	const struct opvs_policy *policy = rcu_dereference(svc->policy);
	u32 seconds = e->seconds;
	unsigned int nth;

	if (!seconds && !is_template(e)) {
		nth = opvs_proto_find(e->proto)->timeout0 + e->state;
		seconds = READ_ONCE(policy->timeout[nth]);
	}
	return clamp(seconds, 1U, (u32)OPVS_EXPIRE_MAX_SECONDS);
}

/* The word of an entry that was told of; @old is what it was here. */
static u32 entry_word(const struct opvs_sync_entry *e, u32 old)
{
	const struct opvs_proto *proto = opvs_proto_find(e->proto);
	u32 word = old & ~(OPVS_CONN_STATE | OPVS_CONN_ACTIVE |
			   OPVS_CONN_NO_OUTPUT);

	word |= e->state | OPVS_CONN_FOREIGN | OPVS_CONN_TOLD | OPVS_CONN_AGAIN;
	if (is_template(e)) {
		if (e->state == OPVS_TEMPLATE_S_ASSURED)
			word |= OPVS_CONN_ASSURED;
		return word & ~OPVS_CONN_LINGERS;
	}
	if (proto->active & BIT(e->state))
		word |= OPVS_CONN_ACTIVE;
	if (!proto->assured || proto->assured & BIT(e->state))
		word |= OPVS_CONN_ASSURED;
	if (e->flags & IP_VS_CONN_F_NOOUTPUT)
		word |= OPVS_CONN_NO_OUTPUT;
	return word;
}

/* Only those whose numbers were moved are told of with shifts, and only moved ones
 * have anything to lose.
 */
static void set_seq(struct opvs_conn *cp, const struct opvs_sync_entry *e)
{
	if (!(cp->flags & OPVS_CONN_F_CONTROL) ||
	    !(e->flags & IP_VS_CONN_F_SEQ_MASK))
		return;
	spin_lock(&cp->app->lock);
	memcpy(cp->app->seq, e->seq, sizeof(e->seq));
	spin_unlock(&cp->app->lock);
}

static int entry_begin(struct opvs_net *on, struct opvs_dest *dest,
		       const struct opvs_table_key *key,
		       const struct opvs_sync_entry *e)
{
	struct opvs_conn_start start = {
		.tuple		= key->tuple,
		.dest		= dest,
		.flags		= IP_VS_CONN_F_SYNC |
				  (e->flags & IP_VS_CONN_F_TEMPLATE),
		.word		= entry_word(e, 0),
		.seconds	= entry_seconds(dest->svc, e),
		.pe		= key->pe,
		.key		= key->key,
		.key_len	= key->key_len,
	};
	struct opvs_conn *cp;

	if (is_template(e)) {
		if (e->own & OPVS_SYNC_EXCEPTION)
			start.flags |= OPVS_CONN_F_EXCEPTION;
		if (e->own & OPVS_SYNC_MOVED)
			start.flags |= OPVS_CONN_F_MOVED;
	} else {
		if (e->own & OPVS_SYNC_LISTED &&
		    !READ_ONCE(dest->xmit)->rewrites)
			start.word |= OPVS_CONN_NO_OUTPUT;
		/* A port of its own is not the service's to tell. */
		if (e->dport != (dest->port ?: e->vport))
			start.server_port = e->dport;
		if (e->proto == IPPROTO_TCP && READ_ONCE(dest->xmit)->rewrites)
			start.app = opvs_app_port_nth(e->vport);
	}
	cp = opvs_conn_begin(on, &start, NULL);
	if (IS_ERR(cp))
		return PTR_ERR(cp);
	/* Or it would be the first to go when room is made. */
	if (is_template(e))
		atomic_set(&cp->in_pkts, IN_USE);
	set_seq(cp, e);
	return 0;
}

static void entry_update(struct opvs_net *on, struct opvs_conn *cp,
			 const struct opvs_sync_entry *e)
{
	u32 seen = READ_ONCE(cp->word);

	do {
		if (seen & OPVS_CONN_ENDED)
			return;
	} while (!opvs_conn_set_word(cp, &seen, entry_word(e, seen)));
	set_seq(cp, e);
	opvs_expire_refresh(&on->conn.expire, &cp->expiring, jiffies,
			    entry_seconds(cp->dest->svc, e) * HZ);
}

/* Is a connection told of that was replaced here: are these its last words? */
static bool is_farewell(const struct opvs_sync_entry *e)
{
	return !is_template(e) && e->flags & IP_VS_CONN_F_INACTIVE &&
	       e->proto != IPPROTO_UDP;
}

static int entry_set(struct opvs_net *on, struct opvs_dest *dest,
		     const struct opvs_table_key *key,
		     const struct opvs_sync_entry *e)
{
	struct opvs_conn_node *node = opvs_table_find(on, key);
	struct opvs_conn *cp;

	if (!node)
		return entry_begin(on, dest, key, e);
	/* What would be a request is an answer here. */
	if (node->tuple.kind != key->tuple.kind)
		return -EADDRINUSE;
	/* Perhaps this very entry was heard of, long ago: ours is no worse. */
	if (e->own & OPVS_SYNC_HEARSAY)
		return 0;
	cp = opvs_conn_of(node);
	if (cp->dest == dest) {
		entry_update(on, cp, e);
		return 0;
	}
	if (is_farewell(e))
		return 0;
	opvs_conn_end(cp);
	return entry_begin(on, dest, key, e);
}

/**
 * opvs_sync_apply() - note what a partner tells of
 * @on: namespace
 * @entry: what it tells; any bytes may be in it
 *
 * Context: process, cfg_lock held.
 * Return: 0; -EINVAL when it makes no sense; -ENOENT when there is no such service,
 * server or engine here; another negative errno when there is no room for it, of
 * opvs_conn_begin().
 */
int opvs_sync_apply(struct opvs_net *on, const struct opvs_sync_entry *entry)
{
	struct opvs_table_key key = {};
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	if (is_absurd(entry))
		return -EINVAL;
	svc = find_svc(on, entry);
	dest = svc ? find_dest(svc, entry) : NULL;
	if (!dest)
		return -ENOENT;
	set_tuple(&key, entry);
	if (entry->key && !key.pe)
		return -ENOENT;
	/* As if a packet had come. */
	local_bh_disable();
	rcu_read_lock();
	err = entry_set(on, dest, &key, entry);
	rcu_read_unlock();
	local_bh_enable();
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_apply);

/**
 * opvs_sync_note() - note what a partner tells of, and wait for room
 * @on: namespace
 * @entry: as of opvs_sync_apply()
 * @ticks: how many jiffies to wait at most; less what was waited
 *
 * The table grows in a work of its own, and takes nothing while that is behind.
 * There is time to wait for it, unlike for packets.
 *
 * Context: process; takes cfg_lock.
 * Return: as of opvs_sync_apply().
 */
int opvs_sync_note(struct opvs_net *on, const struct opvs_sync_entry *entry,
		   unsigned int *ticks)
{
	int err;

	for (;;) {
		mutex_lock(&on->cfg_lock);
		err = opvs_sync_apply(on, entry);
		mutex_unlock(&on->cfg_lock);
		if (!*ticks ||
		    (err != -EBUSY && err != -E2BIG && err != -ENOMEM))
			return err;
		(*ticks)--;
		schedule_timeout_uninterruptible(1);
	}
}
