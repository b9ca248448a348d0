// SPDX-License-Identifier: GPL-2.0-only
/* What a server carries, and when that is too much. */
#include <opvs/dest.h>

#include <opvs/kunit.h>

#include <linux/atomic.h>
#include <linux/minmax.h>

/* What the thresholds are about. */
static u32 carried(const struct opvs_dest *dest)
{
	return max(atomic_read(&dest->conns), 0) + opvs_dest_calls(dest);
}

/**
 * opvs_dest_update_overload() - decide whether the server takes connections
 * @dest: server
 *
 * Overload begins at the upper threshold and ends below the lower one.
 * Writers race without a lock: whoever wrote the flag for a count that has
 * moved since decides again, so that the last word belongs to the last count.
 * Who changed a count comes here behind a full barrier.
 *
 * Context: any, RCU read side or the caller holds a reference or cfg_lock.
 */
void opvs_dest_update_overload(struct opvs_dest *dest)
{
	u32 upper, lower, live;

	do {
		live = carried(dest);
		upper = READ_ONCE(dest->u_threshold);
		lower = READ_ONCE(dest->l_threshold) ?: upper - upper / 4;
		if (upper && live >= upper)
			WRITE_ONCE(dest->overloaded, true);
		else if (!upper || live < lower)
			WRITE_ONCE(dest->overloaded, false);
		/* Orders the flag before the count is looked at again. */
		smp_mb();
	} while (live != carried(dest) ||
		 upper != READ_ONCE(dest->u_threshold));
}

/**
 * opvs_dest_count() - count a connection of the server
 * @dest: server
 *
 * Context: any; the caller holds a reference.
 */
void opvs_dest_count(struct opvs_dest *dest)
{
	atomic_inc_return(&dest->conns);
	if (READ_ONCE(dest->u_threshold))
		opvs_dest_update_overload(dest);
}

/**
 * opvs_dest_count_template() - count a template of the server
 * @dest: server
 *
 * Context: any; the caller holds a reference.
 */
void opvs_dest_count_template(struct opvs_dest *dest)
{
	atomic_inc_return(&dest->persist);
	if (READ_ONCE(dest->u_threshold))
		opvs_dest_update_overload(dest);
}

/* The last thing that a removed server was kept for may be gone. */
static void check_idle(struct opvs_dest *dest)
{
	if (unlikely(READ_ONCE(dest->removed)) && !opvs_dest_in_use(dest))
		opvs_removed_idle(dest);
}

/**
 * opvs_dest_uncount() - a counted connection is gone
 * @dest: server
 *
 * Context: any; the caller holds a reference.
 */
void opvs_dest_uncount(struct opvs_dest *dest)
{
	/* Ordered before the flags: see opvs_removed_add_dest(). */
	atomic_dec_return(&dest->conns);
	if (READ_ONCE(dest->overloaded))
		opvs_dest_update_overload(dest);
	check_idle(dest);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_uncount);

/**
 * opvs_dest_uncount_template() - a template of the server is gone
 * @dest: server
 *
 * Context: any; the caller holds a reference.
 */
void opvs_dest_uncount_template(struct opvs_dest *dest)
{
	atomic_dec_return(&dest->persist);
	if (READ_ONCE(dest->overloaded))
		opvs_dest_update_overload(dest);
	check_idle(dest);
}
