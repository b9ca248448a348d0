// SPDX-License-Identifier: GPL-2.0-only
/* The load of a server, and when it is too much. */
#include <opvs/dest.h>

#include <opvs/event.h>
#include <opvs/kunit.h>

#include <linux/atomic.h>
#include <linux/minmax.h>

/* How often a change of a count decides at most. */
#define OVERLOAD_TURNS	8

/* The load that the thresholds are about. */
static u32 carried(const struct opvs_dest *dest)
{
	return max(atomic_read(&dest->conns), 0) + opvs_dest_calls(dest);
}

/* The flag as the present load demands. */
static bool overload(const struct opvs_dest *dest, bool was)
{
	u32 upper = READ_ONCE(dest->u_threshold);
	u32 lower = READ_ONCE(dest->l_threshold) ?: upper - upper / 4;
	u32 live = carried(dest);

	if (!upper || live < lower)
		return false;
	return was || live >= upper;
}

/**
 * opvs_dest_update_overload() - decide whether the server takes connections
 * @dest: server
 *
 * Overload begins at the upper threshold and ends below the lower one.
 *
 * Writers race without a lock.  A CPU that changed a count or a threshold comes
 * here behind a full barrier; one that writes the flag looks again behind
 * another barrier.  So of two CPUs, one that wrote the flag and one that
 * changed what the first went by, at least one sees what the other did and
 * decides again: the flag ends up as the last count demands.  If the flag is
 * right, its cache line, which every packet reads, is not written.
 *
 * Each further turn means that others took the count from one threshold to the
 * other meanwhile.  If that goes on, the flag is left clear, whatever came in
 * between: then the next connection comes to the server and decides, while a
 * flag left set might keep away the connections that could clear it.
 *
 * Context: any, RCU read side or the caller holds a reference or cfg_lock.
 */
void opvs_dest_update_overload(struct opvs_dest *dest)
{
	unsigned int turns = OVERLOAD_TURNS;
	bool was, is;

	do {
		was = READ_ONCE(dest->overloaded);
		is = overload(dest, was);
		if (is == was)
			return;
		WRITE_ONCE(dest->overloaded, is);
		opvs_event_overload(dest, is);
		/* Orders the flag before the count is looked at again. */
		smp_mb();
	} while (--turns);
	WRITE_ONCE(dest->overloaded, false);
	opvs_event_overload(dest, false);
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
