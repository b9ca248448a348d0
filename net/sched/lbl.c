// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of lblc and lblcr: the servers that an address had.
 *
 * It belongs to the service and outlives its views.  A packet finds its
 * address without a lock and without a write, but for one a second that notes
 * the address as used.  Only an address that is new, or is to have other
 * servers, locks one bucket of the hash table.
 *
 * An entry knows servers by their ids.  A packet looks them up in its view; an
 * id that is not there belongs to a server that was removed or is being
 * drained.  So nothing is referenced, and a removal need not search the memory.
 *
 * Clients may ask for any number of addresses, so it has a limit.  Well before
 * that, a purge forgets those that were unused for three quarters of the time
 * that the oldest one was, and so on until there is room: a flood of addresses
 * that come but once does not wash out those that are in use.  At the limit
 * itself, new addresses are served without being remembered.
 */
#include "lbl.h"

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/wq.h>

#include <linux/jiffies.h>
#include <linux/once.h>
#include <linux/overflow.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

/* Between two purges, in seconds, unless entries expire faster than that. */
#define LBL_PURGE_SECONDS	60

/* Entries looked at before others may run. */
#define LBL_PURGE_BATCH		256

/* Eighths of the limit: above the one, a purge is called for; it lets go of
 * entries that have not expired until there are no more than the other.
 */
#define LBL_CROWD		7
#define LBL_ROOM		6

/* Not a service's own key, which may be changed at any time.  As it is secret,
 * nothing is lost by leaving the seed out.
 */
static siphash_key_t lbl_secret __read_mostly;

static u32 lbl_hash(const void *addr, u32 len, u32 seed)
{
	return opvs_hash_endpoint(&lbl_secret, addr, 0);
}

static const struct rhashtable_params lbl_params = {
	.head_offset		= offsetof(struct opvs_lbl_entry, node),
	.key_offset		= offsetof(struct opvs_lbl_entry, addr),
	.key_len		= sizeof_field(struct opvs_lbl_entry, addr),
	.hashfn			= lbl_hash,
	.automatic_shrinking	= true,
};

/**
 * opvs_lbl_now() - the time that entries are dated by
 *
 * Context: any.
 * Return: seconds since some moment in the past.
 */
u32 opvs_lbl_now(void)
{
	return ktime_get_seconds();
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_now);

/**
 * opvs_lbl_expiration() - how long an entry may be unused
 * @setting: what was written; net.ipv4.vs has values below 0, too
 *
 * Context: any.
 * Return: seconds.
 */
u32 opvs_lbl_expiration(const int *setting)
{
	return max(READ_ONCE(*setting), 0);
}

/**
 * opvs_lbl_age() - how long ago was that?
 * @then: seconds; another CPU may have looked at the clock after we did
 * @now: seconds
 *
 * Context: any.
 * Return: seconds, not less than 0.
 */
u32 opvs_lbl_age(u32 then, u32 now)
{
	return max_t(s32, now - then, 0);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_age);

/**
 * opvs_lbl_peek() - look what is known of an address
 * @lbl: memory
 * @addr: address; of IPv4 the other words 0
 *
 * Context: any, RCU read side.
 * Return: its entry, valid within the read section, or NULL.
 */
const struct opvs_lbl_entry *opvs_lbl_peek(struct opvs_lbl *lbl,
					   const union nf_inet_addr *addr)
{
	return rhashtable_lookup(&lbl->table, addr, lbl_params);
}

/**
 * opvs_lbl_find() - what is known of an address
 * @lbl: memory
 * @addr: address; of IPv4 the other words 0
 * @now: seconds; it counts as used then
 *
 * Context: any, RCU read side.
 * Return: its entry, valid within the read section, or NULL.
 */
const struct opvs_lbl_entry *opvs_lbl_find(struct opvs_lbl *lbl,
					   const union nf_inet_addr *addr,
					   u32 now)
{
	struct opvs_lbl_entry *entry;

	entry = rhashtable_lookup(&lbl->table, addr, lbl_params);
	if (entry && READ_ONCE(entry->used) != now)
		WRITE_ONCE(entry->used, now);
	return entry;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_find);

static struct opvs_lbl_entry *entry_new(const union nf_inet_addr *addr,
					const u64 *server, u32 count, u32 now)
{
	struct opvs_lbl_entry *entry;

	entry = kmalloc(struct_size(entry, server, count),
			GFP_ATOMIC | __GFP_NOWARN);
	if (!entry)
		return NULL;
	entry->used = now;
	entry->changed = now;
	entry->addr = *addr;
	entry->count = count;
	memcpy(entry->server, server, count * sizeof(*server));
	return entry;
}

/* One more of this service, and of the namespace; returns how many this service
 * has, 0 when it may not.
 */
static u32 count_in(struct opvs_lbl *lbl)
{
	u32 count = opvs_limit_take(&lbl->entries);

	if (count && unlikely(!opvs_limit_take(lbl->all))) {
		opvs_limit_release(&lbl->entries);
		return 0;
	}
	return count;
}

static void count_out(struct opvs_lbl *lbl)
{
	opvs_limit_release(lbl->all);
	opvs_limit_release(&lbl->entries);
}

static int eighths(const struct opvs_lbl *lbl, int count)
{
	return lbl->entries.max / 8 * count;
}

static unsigned long purge_delay(const struct opvs_lbl *lbl)
{
	return clamp(READ_ONCE(*lbl->expiration), 1, LBL_PURGE_SECONDS) * HZ;
}

/* Calls for a purge, but not for more than one a second. */
static void hurry(struct opvs_lbl *lbl)
{
	if (!READ_ONCE(lbl->hurried) && !xchg(&lbl->hurried, true))
		mod_delayed_work(opvs_wq, &lbl->purge, HZ);
}

/**
 * opvs_lbl_add() - remember the server of a new address
 * @lbl: memory
 * @addr: address; of IPv4 the other words 0
 * @server: id of its server
 * @now: seconds
 *
 * Without memory or beyond the limit, it is not remembered.
 *
 * Context: any, RCU read side.
 * Return: NULL; or the entry of another CPU that was faster, valid within the
 * read section.
 */
const struct opvs_lbl_entry *opvs_lbl_add(struct opvs_lbl *lbl,
					  const union nf_inet_addr *addr,
					  u64 server, u32 now)
{
	struct opvs_lbl_entry *entry, *other;
	u32 count;

	count = count_in(lbl);
	if (unlikely(count > eighths(lbl, LBL_CROWD) || !count))
		hurry(lbl);
	if (unlikely(!count))
		return NULL;
	entry = entry_new(addr, &server, 1, now);
	other = ERR_PTR(-ENOMEM);
	if (entry)
		other = rhashtable_lookup_get_insert_fast(&lbl->table,
							  &entry->node,
							  lbl_params);
	if (other) {
		kfree(entry);
		count_out(lbl);
		return IS_ERR(other) ? NULL : other;
	}
	/* It goes to sleep only after it has looked at the count once more. */
	if (unlikely(!delayed_work_pending(&lbl->purge)))
		queue_delayed_work(opvs_wq, &lbl->purge, purge_delay(lbl));
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_add);

/**
 * opvs_lbl_replace() - an address is to have other servers
 * @lbl: memory
 * @old: its entry as it was found; still valid within the read section
 * @server: ids of its servers from now on
 * @count: how many, 1 to OPVS_LBL_SERVERS
 * @now: seconds
 *
 * Context: any, RCU read side.
 * Return: true; false if another CPU was faster, the address was forgotten
 * meanwhile, or there is no memory.
 */
bool opvs_lbl_replace(struct opvs_lbl *lbl, const struct opvs_lbl_entry *old,
		      const u64 *server, u32 count, u32 now)
{
	struct opvs_lbl_entry *gone = (struct opvs_lbl_entry *)old;
	struct opvs_lbl_entry *entry;

	entry = entry_new(&old->addr, server, count, now);
	if (!entry)
		return false;
	if (rhashtable_replace_fast(&lbl->table, &gone->node, &entry->node,
				    lbl_params)) {
		kfree(entry);
		return false;
	}
	kfree_rcu(gone, rcu);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_replace);

/* The one that takes an entry out of the table frees it. */
static void entry_forget(struct opvs_lbl *lbl, struct opvs_lbl_entry *entry)
{
	if (rhashtable_remove_fast(&lbl->table, &entry->node, lbl_params))
		return;
	count_out(lbl);
	kfree_rcu(entry, rcu);
}

/* Forgets what was not used for @idle seconds.  Returns the age of the oldest
 * entry that is left.  The few that a walk misses because it pauses behind a
 * removed entry, or because the table is resized, wait for the next one.
 */
static u32 purge_once(struct opvs_lbl *lbl, u32 now, u32 idle)
{
	struct opvs_lbl_entry *entry;
	struct rhashtable_iter iter;
	u32 age, oldest = 0, batch;

	rhashtable_walk_enter(&lbl->table, &iter);
	do {
		rhashtable_walk_start(&iter);
		for (batch = 0; batch < LBL_PURGE_BATCH; batch++) {
			entry = rhashtable_walk_next(&iter);
			if (IS_ERR(entry))
				continue;
			if (!entry)
				break;
			age = opvs_lbl_age(READ_ONCE(entry->used), now);
			if (age >= idle)
				entry_forget(lbl, entry);
			else
				oldest = max(oldest, age);
		}
		rhashtable_walk_stop(&iter);
		cond_resched();
	} while (entry);
	rhashtable_walk_exit(&iter);
	return oldest;
}

/**
 * opvs_lbl_purge() - forget what has expired, and more if there is little room
 * @lbl: memory
 * @now: seconds
 *
 * Context: process.
 */
void opvs_lbl_purge(struct opvs_lbl *lbl, u32 now)
{
	u32 oldest, idle = opvs_lbl_expiration(lbl->expiration);

	for (;;) {
		oldest = purge_once(lbl, now, idle);
		if (atomic_read(&lbl->entries.count) <= eighths(lbl, LBL_ROOM))
			break;
		/* The entries that are left were used within this second. */
		if (!oldest || idle <= 1)
			break;
		idle = DIV_ROUND_UP(3 * (u64)min(idle, oldest), 4);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_purge);

static void purge_work(struct work_struct *work)
{
	struct opvs_lbl *lbl = container_of(to_delayed_work(work),
					    struct opvs_lbl, purge);

	WRITE_ONCE(lbl->hurried, false);
	opvs_lbl_purge(lbl, opvs_lbl_now());
	/* An entry that is not counted yet wakes us up when it is added. */
	if (atomic_read(&lbl->entries.count))
		queue_delayed_work(opvs_wq, &lbl->purge, purge_delay(lbl));
}

/**
 * opvs_lbl_new() - an empty memory
 * @expiration: setting that says when unused entries expire, in seconds
 * @all: what the namespace's memories may have together; outlives this one
 *
 * Context: process.
 * Return: a state for the caller to fill in, or NULL.
 */
struct opvs_sched_state *opvs_lbl_new(const int *expiration,
				      struct opvs_limit *all)
{
	struct opvs_lbl *lbl;

	get_random_once(&lbl_secret, sizeof(lbl_secret));
	lbl = kzalloc(sizeof(*lbl), GFP_KERNEL_ACCOUNT);
	if (!lbl)
		return NULL;
	if (rhashtable_init(&lbl->table, &lbl_params)) {
		kfree(lbl);
		return NULL;
	}
	lbl->entries.max = OPVS_LBL_MAX;
	lbl->all = all;
	lbl->expiration = expiration;
	INIT_DELAYED_WORK(&lbl->purge, purge_work);
	return &lbl->state;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_new);

static void entry_free(void *entry, void *lbl)
{
	count_out(lbl);
	kfree(entry);
}

/**
 * opvs_lbl_free() - free a memory that no packet sees any more
 * @state: of opvs_lbl_new()
 *
 * Context: process.  Waits for a purge that is under way.
 */
void opvs_lbl_free(struct opvs_sched_state *state)
{
	struct opvs_lbl *lbl = container_of(state, struct opvs_lbl, state);

	cancel_delayed_work_sync(&lbl->purge);
	rhashtable_free_and_destroy(&lbl->table, entry_free, lbl);
	kfree(lbl);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_free);

/**
 * opvs_lbl_priv_size() - what a view needs to look servers up
 * @view: view whose members are filled in
 * @prev: not looked at
 * @extack: not used
 *
 * Context: process.
 * Return: bytes.
 */
ssize_t opvs_lbl_priv_size(const struct opvs_view *view,
			   const struct opvs_view *prev,
			   struct netlink_ext_ack *extack)
{
	return array_size(view->count, sizeof(u64));
}

/**
 * opvs_lbl_build() - note the ids of the members
 * @view: view
 * @prev: not looked at
 *
 * Context: process.
 */
void opvs_lbl_build(struct opvs_view *view,
		    const struct opvs_view *prev)
{
	u64 *id = view->priv;
	u32 i;

	for (i = 0; i < view->count; i++)
		id[i] = view->member[i].dest->id;
}

/**
 * opvs_lbl_member() - the server of an id
 * @view: view; its members are in order of addition, which is that of ids
 * @id: opvs_dest.id
 *
 * Context: any, RCU read side.
 * Return: the member, or NULL if it is none.
 */
const struct opvs_view_member *
opvs_lbl_member(const struct opvs_view *view, u64 id)
{
	u32 low = 0, high = view->count, mid;
	const u64 *ids = view->priv;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ids[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < view->count && ids[low] == id ? &view->member[low] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_member);

/**
 * opvs_lbl_least() - the server for an address that has none to serve it
 * @view: view
 * @req: packet
 *
 * By wlc, and by connections and calls also where no packet's server is
 * remembered otherwise: an address's is.
 *
 * Context: as opvs_sched_ops.pick().
 * Return: an available server, or NULL.
 */
struct opvs_dest *opvs_lbl_least(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	struct opvs_sched_req remembered = *req;

	remembered.per_packet = false;
	return opvs_sched_wlc.pick(view, &remembered);
}

/**
 * opvs_lbl_busy() - is it better to take another server than this one?
 * @view: view
 * @member: an available member
 *
 * As in IPVS: it has more active connections than its weight, and another less
 * than half as many as its own.  That other one must be available here.
 *
 * Context: any, RCU read side.
 */
bool opvs_lbl_busy(const struct opvs_view *view,
		   const struct opvs_view_member *member)
{
	const struct opvs_view_member *other;
	u32 i;

	if (likely(opvs_dest_active(member->dest) <= member->weight))
		return false;
	for (i = 0; i < view->count; i++) {
		other = &view->member[i];
		if (2ULL * opvs_dest_active(other->dest) < other->weight &&
		    opvs_dest_available(other->dest))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lbl_busy);
