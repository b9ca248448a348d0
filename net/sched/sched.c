// SPDX-License-Identifier: GPL-2.0-only
/* Schedulers: the registry, and what several of them need. */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/string.h>

/* Servers that a hash is tried on before any will do. */
#define KEYLESS_TRIES	8

/* For services that are to refuse all clients for now. */
static struct opvs_dest *none_pick(const struct opvs_view *view,
				   const struct opvs_sched_req *req)
{
	return NULL;
}

const struct opvs_sched_ops opvs_sched_none = {
	.name		= "none",
	.why		= OPVS_WHY_NO_SERVER,
	.picks_keyless	= true,
	.pick		= none_pick,
};

static const struct opvs_sched_ops *const scheds[] = {
	&opvs_sched_none,
	&opvs_sched_rr,
	&opvs_sched_wrr,
	&opvs_sched_lc,
	&opvs_sched_wlc,
	&opvs_sched_sed,
	&opvs_sched_nq,
	&opvs_sched_twos,
	&opvs_sched_fo,
	&opvs_sched_ovf,
	&opvs_sched_lblc,
	&opvs_sched_lblcr,
	&opvs_sched_sh,
	&opvs_sched_dh,
	&opvs_sched_mh,
};

/**
 * opvs_sched_find() - scheduler of a name
 * @name: as in ipvsadm -s
 *
 * Context: any.
 * Return: the scheduler, a constant; NULL if there is none of this name.
 */
const struct opvs_sched_ops *opvs_sched_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scheds); i++)
		if (!strcmp(scheds[i]->name, name))
			return scheds[i];
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_find);

/**
 * opvs_sched_nth() - one scheduler after the other
 * @n: from 0
 *
 * Context: any.
 * Return: the scheduler, a constant; NULL behind the last one.
 */
const struct opvs_sched_ops *opvs_sched_nth(size_t n)
{
	return n < ARRAY_SIZE(scheds) ? scheds[n] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_nth);

/**
 * opvs_sched_hash() - the sender of a packet, as a number
 * @view: view of the service
 * @req: packet; the engine's key if there is one, else the client's address and
 *	port
 *
 * Context: any, RCU read side.
 * Return: a keyed hash.
 */
u64 opvs_sched_hash(const struct opvs_view *view,
		    const struct opvs_sched_req *req)
{
	if (req->key)
		return opvs_hash_bytes(&view->hash_key, req->key, req->key_len);
	return opvs_hash_endpoint(&view->hash_key, &req->flow->saddr,
				  req->flow->sport);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_hash);

/**
 * opvs_sched_spread() - a number that is as good as any other
 * @view: view of the service
 * @range: not 0
 *
 * Successive turns times the golden ratio, modulo 1: of any run of calls on a
 * CPU each part of the range gets its share to within a few, whatever the range
 * and even if it changes from call to call.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: a number below @range.
 */
u64 opvs_sched_spread(const struct opvs_view *view, u64 range)
{
	return mul_u64_u32_shr(range, hash_32(opvs_sched_step(view, U32_MAX), 32),
			       32);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_spread);

/**
 * opvs_sched_scan() - any server that is available
 * @view: view of the service
 * @from: number of the member to start at
 *
 * Context: any, RCU read side.
 * Return: the next available server, or NULL if none is.
 */
struct opvs_dest *opvs_sched_scan(const struct opvs_view *view, u32 from)
{
	u32 i;

	for (i = from; i < view->count; i++)
		if (opvs_dest_available(view->member[i].dest))
			return view->member[i].dest;
	for (i = 0; i < from; i++)
		if (opvs_dest_available(view->member[i].dest))
			return view->member[i].dest;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_scan);

/**
 * opvs_sched_other() - a server instead of one that will not do
 * @view: view of the service
 * @dest: that one
 *
 * For schedulers that share out (&opvs_sched_ops.spreads).
 *
 * Context: any, RCU read side.
 * Return: the next available server after it, @dest itself if there is no other,
 * or NULL.
 */
struct opvs_dest *opvs_sched_other(const struct opvs_view *view,
				   const struct opvs_dest *dest)
{
	u32 i;

	for (i = 0; i < view->count; i++)
		if (view->member[i].dest == dest)
			break;
	return opvs_sched_scan(view, i < view->count ? i + 1 : 0);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_other);

/**
 * opvs_sched_pick_keyless() - choose a server where an engine found no key
 * @view: view of the service
 * @req: packet
 *
 * By the hash of the client's address and port, in shares by weight: datagrams
 * that name no session, as keepalives, at least stay together by client.
 * Clients of a server that is not available are spread in the same way, each to
 * a server of its own.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: an available server, or NULL.
 */
struct opvs_dest *opvs_sched_pick_keyless(const struct opvs_view *view,
					  const struct opvs_sched_req *req)
{
	u64 hash = opvs_sched_hash(view, req), total = 0, at;
	unsigned int tries;
	u32 i;

	for (i = 0; i < view->count; i++)
		total += view->member[i].weight;
	for (tries = 0; tries < KEYLESS_TRIES && total; tries++) {
		at = mul_u64_u32_shr(total, hash >> 32, 32);
		for (i = 0; at >= view->member[i].weight; i++)
			at -= view->member[i].weight;
		if (opvs_dest_available(view->member[i].dest))
			return view->member[i].dest;
		hash = (hash ^ hash >> 32) * OPVS_HASH_MIX;
	}
	return opvs_sched_scan(view, 0);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_pick_keyless);

/* How many members are available, none or one; more are 2. */
static u32 sched_available(const struct opvs_view *view)
{
	u32 i, available = 0;

	for (i = 0; i < view->count && available < 2; i++)
		available += opvs_dest_available(view->member[i].dest);
	return available;
}

/* A hash leads to its server however many there are. */
static bool sched_is_free(u8 why)
{
	return why == OPVS_WHY_TURN || why == OPVS_WHY_LEAST ||
	       why == OPVS_WHY_RANDOM || why == OPVS_WHY_WEIGHT;
}

static void sched_tell(const struct opvs_view *view,
		       const struct opvs_sched_req *req,
		       const struct opvs_dest *dest)
{
	bool spread = req->keyless && !view->ops->picks_keyless;
	struct opvs_query *query = req->query;

	if (view->ops->owner && !spread)
		query->owner = view->ops->owner(view, req, &query->slots,
						&query->slot);
	if (!dest)
		query->why = OPVS_WHY_NO_SERVER;
	else if (spread)
		query->why = OPVS_WHY_KEYLESS;
	else if (query->why == OPVS_WHY_UNKNOWN)
		query->why = view->ops->why;
	if (sched_is_free(query->why) && sched_available(view) == 1)
		query->why = OPVS_WHY_ONLY;
	query->unsure |= query->why == OPVS_WHY_RANDOM ||
			 (query->ends && view->ops->load);
}

/**
 * opvs_sched_peek() - which server would a packet get?
 * @view: view of the service
 * @req: packet that does not exist, with a query, which is told why
 *
 * By opvs_sched_pick(), with the position of the query's CPU; that of this CPU,
 * where no packet can come in between, is put back.
 *
 * Context: BH disabled, RCU read side; cfg_lock held, so that nobody else reads
 * positions of other CPUs.
 * Return: as of opvs_sched_pick().
 */
struct opvs_dest *opvs_sched_peek(const struct opvs_view *view,
				  const struct opvs_sched_req *req)
{
	u32 *cursor = this_cpu_ptr(view->cursor), before = *cursor, at;
	struct opvs_query *query = req->query;
	struct opvs_dest *dest;

	at = READ_ONCE(*per_cpu_ptr(view->cursor, query->cpu));
	*cursor = at;
	query->why = OPVS_WHY_UNKNOWN;
	dest = opvs_sched_pick(view, req);
	query->turn = *cursor != at;
	*cursor = before;
	query->per_packet = req->per_packet;
	sched_tell(view, req, dest);
	return dest;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_peek);

/**
 * opvs_sched_sums_size() - what a view needs to find members by weight
 * @view: view whose members are filled in
 * @prev: not looked at
 * @extack: not used
 *
 * Context: process.
 * Return: bytes.
 */
ssize_t opvs_sched_sums_size(const struct opvs_view *view,
			     const struct opvs_view *prev,
			     struct netlink_ext_ack *extack)
{
	return array_size(view->count, sizeof(u64));
}

/**
 * opvs_sched_sums_build() - for each member, its weight and those of all before
 * @view: view
 * @prev: not looked at
 *
 * Context: process.
 */
void opvs_sched_sums_build(struct opvs_view *view,
			   const struct opvs_view *prev)
{
	u64 *sums = view->priv, sum = 0;
	u32 i;

	for (i = 0; i < view->count; i++) {
		sum += view->member[i].weight;
		sums[i] = sum;
	}
}

/**
 * opvs_sched_sum() - what the weights add up to
 * @view: view of opvs_sched_sums_build() with a member
 *
 * Context: any, RCU read side.
 */
u64 opvs_sched_sum(const struct opvs_view *view)
{
	const u64 *sums = view->priv;

	return sums[view->count - 1];
}

/**
 * opvs_sched_sums_find() - the member of a stretch, if each is as long as its
 * weight
 * @view: view of opvs_sched_sums_build() with a member
 * @at: below opvs_sched_sum()
 *
 * Context: any, RCU read side.
 * Return: number of a member.
 */
u32 opvs_sched_sums_find(const struct opvs_view *view, u64 at)
{
	u32 low = 0, high = view->count - 1, mid;
	const u64 *sums = view->priv;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (at < sums[mid])
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/**
 * opvs_sched_conns() - what a server's connections and calls weigh
 * @dest: server
 *
 * As in IPVS, an active one counts like 256 others.
 *
 * Context: any, RCU read side.
 * Return: below 2^41.
 */
u64 opvs_sched_conns(const struct opvs_dest *dest)
{
	return ((u64)opvs_dest_active(dest) << 8) + opvs_dest_inactive(dest);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_conns);

/**
 * opvs_sched_cmp() - which of two servers is less loaded for its weight?
 * @load: of the one; up to 2^40
 * @weight: of the one; not 0
 * @load2: of the other
 * @weight2: of the other
 *
 * Context: any.
 * Return: negative, 0 or positive, as @load / @weight is less than, equal to or
 * greater than @load2 / @weight2.
 */
int opvs_sched_cmp(u64 load, u32 weight, u64 load2, u32 weight2)
{
	u64 here, there;

	/* Loads that large are equal if they only differ in a few. */
	if (check_mul_overflow(load, (u64)weight2, &here) ||
	    check_mul_overflow(load2, (u64)weight, &there)) {
		here = (load >> 8) * weight2;
		there = (load2 >> 8) * weight;
	}
	return here < there ? -1 : here > there;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_cmp);
