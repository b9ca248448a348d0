// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many calls a server of a one-packet service carries, estimated.
 *
 * Such a service keeps nothing of its packets, and counting calls is counting
 * distinct keys (Call-IDs, or clients) among the packets of the last minute
 * (net.opvs.load_seconds).  It is done without remembering any key.
 *
 * Marks.  There are fifteen rows of 1024 slots.  A key's hash names the slot and
 * the row: half of all keys belong to row 0, a quarter to row 1 and so on, by
 * the number of zeros that their hash begins with, and what is left to the last
 * row.  A packet stamps the slot of its key with the number of the present
 * slice of time, of which a window has 32 to 63.  Once that stands there, later
 * packets of the slice only read it, on all CPUs: a call costs one written byte
 * in a slice, and no packet takes a lock.
 *
 * Counting.  If u of b slots of a row are in use, it most likely took
 *
 *	drawn(u) = b/b + b/(b-1) + ... + b/(b-u+1)
 *
 * keys to fill them: a collector who has k of b pictures buys b/(b-k) more on
 * average before he finds another.  A row that is nearly full says nothing.  So
 * the estimate takes the rows from the first that is not, row B: they got the
 * keys with probability 2^-B, and
 *
 *	n = 2^B * (drawn(u[B]) + drawn(u[B+1]) + ...)
 *
 * Error.  r * b keys in a row make drawn() vary by b * (exp(r) - r - 1), since
 * some share slots; r halves from row to row.  That rows from B on got just this
 * sample of the keys adds (1 - 2^-B) * n / 2^B.  With rows that serve until
 * r = 2.6, the standard deviation of n is below 1.5 % up to two thousand calls,
 * 2 % at 5300, where row 0 ends, and up to 2.6 % from there to 40 million.  A few
 * calls share a slot now and then, and are exact otherwise.
 *
 * Time.  A slot whose stamp is older than the window is no longer in use; a work
 * looks for these every second, or every sixteenth of a short window, and clears
 * them, long before slice numbers, of seven bits, repeat.  Packets make
 * slots used, and only the packet that does counts it in its row and makes a
 * new estimate of all rows' counts: a threshold is reached by the very packet
 * that reaches it.  Two CPUs that begin to use a slot at the same moment count
 * it twice, until the work next counts what is there.
 *
 * Each server has rows of its own, in 16 KB.
 */
#include <opvs/load.h>

#include <opvs/kunit.h>

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>

/* Nearly full: a row with b * (1 - exp(-2.6)) slots in use. */
#define LOAD_FULL	948

/* Binary places of drawn(). */
#define LOAD_FRACTION	8

/* A stamp: not 0, so that 0 is none, and the slice. */
#define STAMP_USED	0x80
#define STAMP_SLICE	0x7f

/* The window is at least so many slices, and less than twice as many. */
#define WINDOW_SLICES_BITS	5

/* Stamps are written while old ones are sought: slices by which one may be
 * ahead.
 */
#define AHEAD		8

/* Estimates that one packet makes at most. */
#define SETTLE_TURNS	8

/* All rows must find their zeros above the bits that name the slot. */
static_assert(OPVS_LOAD_ROWS - 1 + OPVS_LOAD_SLOT_BITS <= 32);
static_assert(sizeof(struct opvs_load) <= SZ_16K);
/* A stamp older than the window is told from one that is ahead of now. */
static_assert((2 << WINDOW_SLICES_BITS) + AHEAD < STAMP_SLICE);

/* Keys that it takes to fill so many slots of a row. */
static u32 drawn[OPVS_LOAD_SLOTS + 1] __read_mostly;

static u8 stamp_at(const struct opvs_load *load, u32 now)
{
	return STAMP_USED | (now >> READ_ONCE(load->slice_shift) & STAMP_SLICE);
}

/* Slots in use, as far as others do not change that right now. */
static u32 used(const struct opvs_load *load, u32 row)
{
	return clamp_t(int, atomic_read(&load->used[row]), 0, OPVS_LOAD_SLOTS);
}

/**
 * opvs_load_sum() - what the counts amount to
 * @load: estimate
 *
 * Context: any.
 */
VISIBLE_IF_KUNIT u32 opvs_load_sum(const struct opvs_load *load)
{
	u32 base = 0, row;
	u64 sum = 0;

	while (base < OPVS_LOAD_ROWS - 1 && used(load, base) >= LOAD_FULL)
		base++;
	for (row = base; row < OPVS_LOAD_ROWS; row++)
		sum += drawn[used(load, row)];
	sum = (sum << base) + BIT(LOAD_FRACTION - 1);
	return min_t(u64, sum >> LOAD_FRACTION, INT_MAX);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_load_sum);

/* Writers race without a lock: a CPU that wrote an estimate looks at the counts
 * again and makes another if they have changed, so that the last estimate is
 * that of the last count.  The caller has changed a count, and a full barrier
 * stands behind that; see opvs_dest_update_overload().  While others change
 * counts faster than this can follow, each of them comes here, too, and the
 * work, a slice later, in any case.
 */
static void settle(struct opvs_load *load)
{
	unsigned int turns = SETTLE_TURNS;
	u32 sum;

	do {
		sum = opvs_load_sum(load);
		if (sum == READ_ONCE(load->estimate))
			return;
		WRITE_ONCE(load->estimate, sum);
		/* Orders the estimate before another look at the counts. */
		smp_mb();
	} while (--turns);
}

/**
 * opvs_load_new() - no calls yet
 *
 * Context: process.
 * Return: an estimate for opvs_load_clear() to give a window to, and for
 * opvs_load_free(); or NULL.
 */
struct opvs_load *opvs_load_new(void)
{
	return kvzalloc(sizeof(struct opvs_load), GFP_KERNEL_ACCOUNT);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_load_new);

/**
 * opvs_load_free() - undo opvs_load_new()
 * @load: or NULL
 *
 * Context: process; no packet can see it any more.
 */
void opvs_load_free(struct opvs_load *load)
{
	kvfree(load);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_load_free);

/**
 * opvs_load_clear() - forget all calls
 * @load: estimate
 * @seconds: how long calls are to count after their last packet
 *
 * A packet that is under way at this moment may leave a stamp that reads as
 * another time; that is one call, and not for longer than a window.
 *
 * Context: process, cfg_lock held if packets can see @load.
 */
void opvs_load_clear(struct opvs_load *load, u32 seconds)
{
	u32 window = seconds * HZ, row, slot;
	u8 shift = ilog2(window) - WINDOW_SLICES_BITS;
	u8 *stamp;

	WRITE_ONCE(load->slice_shift, shift);
	/* The present slice, which has only begun, makes one more. */
	load->window = (window >> shift) + 1;
	load->swept = 0;
	for (row = 0; row < OPVS_LOAD_ROWS; row++) {
		stamp = load->stamp[row];
		for (slot = 0; slot < OPVS_LOAD_SLOTS; slot += sizeof(long))
			WRITE_ONCE(*(unsigned long *)(stamp + slot), 0);
		atomic_set(&load->used[row], 0);
	}
	/* The counts come first: see settle(). */
	smp_mb();
	settle(load);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_load_clear);

/**
 * opvs_load_mark() - a packet of a call passes
 * @load: estimate
 * @hash: of what tells its call from others
 * @now: jiffies
 *
 * Context: any, RCU read side.
 * Return: true if the estimate has changed by that.
 */
bool opvs_load_mark(struct opvs_load *load, u64 hash, u32 now)
{
	/* Servers are chosen by @hash: what one gets has some bits in common. */
	u32 bits = hash_64(hash, 32);
	u32 row = min_t(u32, 32 - fls(bits), OPVS_LOAD_ROWS - 1);
	u8 *stamp = &load->stamp[row][bits % OPVS_LOAD_SLOTS];
	u8 seen = READ_ONCE(*stamp), fresh = stamp_at(load, now);

	if (likely(seen == fresh))
		return false;
	WRITE_ONCE(*stamp, fresh);
	if (seen)
		return false;
	/* A full barrier, for settle(). */
	atomic_inc_return(&load->used[row]);
	settle(load);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_load_mark);

static bool is_old(const struct opvs_load *load, u8 stamp, u8 fresh)
{
	return ((fresh - stamp + AHEAD) & STAMP_SLICE) >= load->window + AHEAD;
}

/* Clears what is old of a few slots, and tells how many are in use. */
static u32 sweep_few(const struct opvs_load *load, u8 *stamp, u8 fresh)
{
	u32 slot, in_use = 0;
	u8 seen;

	for (slot = 0; slot < sizeof(long); slot++) {
		seen = READ_ONCE(stamp[slot]);
		if (!seen)
			continue;
		/* A packet that comes in between is noted by the next one. */
		if (is_old(load, seen, fresh))
			WRITE_ONCE(stamp[slot], 0);
		else
			in_use++;
	}
	return in_use;
}

static u32 sweep_row(const struct opvs_load *load, u8 *stamp, u8 fresh)
{
	u32 slot, in_use = 0;

	/* Most rows of most servers are empty. */
	for (slot = 0; slot < OPVS_LOAD_SLOTS; slot += sizeof(long))
		if (READ_ONCE(*(unsigned long *)(stamp + slot)))
			in_use += sweep_few(load, stamp + slot, fresh);
	return in_use;
}

/**
 * opvs_load_sweep() - forget the calls whose last packet is too long ago
 * @load: estimate
 * @now: jiffies
 *
 * Does nothing the second time in a slice.
 *
 * Context: process, cfg_lock held if packets can see @load.
 */
void opvs_load_sweep(struct opvs_load *load, u32 now)
{
	u8 fresh = stamp_at(load, now);
	u32 row, in_use;
	int before;

	if (load->swept == fresh)
		return;
	load->swept = fresh;
	for (row = 0; row < OPVS_LOAD_ROWS; row++) {
		before = atomic_read(&load->used[row]);
		in_use = sweep_row(load, load->stamp[row], fresh);
		/* Calls that packets add meanwhile stay counted. */
		atomic_add(in_use - before, &load->used[row]);
	}
	/* The counts come first: see settle(). */
	smp_mb();
	settle(load);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_load_sweep);

/**
 * opvs_load_estimate() - the calls of a server
 * @load: its estimate, or NULL
 *
 * Context: any, RCU read side or cfg_lock held.
 */
u32 opvs_load_estimate(const struct opvs_load *load)
{
	return load ? READ_ONCE(load->estimate) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_load_estimate);

/**
 * opvs_load_init() - what all estimates share
 *
 * Context: process.
 */
void opvs_load_init(void)
{
	u32 i;

	for (i = 0; i < OPVS_LOAD_SLOTS; i++)
		drawn[i + 1] = drawn[i] +
			       (OPVS_LOAD_SLOTS << LOAD_FRACTION) / (OPVS_LOAD_SLOTS - i);
}
