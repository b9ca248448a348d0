/* SPDX-License-Identifier: GPL-2.0-only */
/* How busy a server of a one-packet service is. */
#ifndef OPVS_LOAD_H
#define OPVS_LOAD_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/types.h>

/* Calls of a one-packet service make no connections: what counts instead. */
enum opvs_calls {
	OPVS_CALLS_NONE,	/* nothing, the service tracks connections */
	OPVS_CALLS_TEMPLATES,	/* each call has a template */
	OPVS_CALLS_ESTIMATED,	/* nothing remembers them: an estimate */
};

#define OPVS_LOAD_ROWS		15
#define OPVS_LOAD_SLOT_BITS	10
#define OPVS_LOAD_SLOTS		BIT(OPVS_LOAD_SLOT_BITS)

/**
 * struct opvs_load - estimate of one server's calls
 * @slice_shift: a slice is 2^this jiffies; READ_ONCE by packets
 * @window: slices, the present one included, whose stamps count
 * @swept: stamp of the slice in which old stamps were sought last; cfg_lock
 * @estimate: of the calls; READ_ONCE, written when @used was changed
 * @used: slots in use, of each row
 * @stamp: 0 for a slot that is not in use; READ_ONCE and WRITE_ONCE by packets
 */
struct opvs_load {
	u8		slice_shift;
	u8		window;
	u8		swept;

	u32		estimate ____cacheline_aligned_in_smp;
	atomic_t	used[OPVS_LOAD_ROWS];

	u8		stamp[OPVS_LOAD_ROWS][OPVS_LOAD_SLOTS]
				____cacheline_aligned_in_smp;
};

/* the estimate itself */
struct opvs_load *opvs_load_new(void);
void opvs_load_free(struct opvs_load *load);
void opvs_load_clear(struct opvs_load *load, u32 seconds);
bool opvs_load_mark(struct opvs_load *load, u64 hash, u32 now);
void opvs_load_sweep(struct opvs_load *load, u32 now);
#if IS_ENABLED(CONFIG_KUNIT)
u32 opvs_load_sum(const struct opvs_load *load);
#endif

/* process context */
void opvs_load_init(void);

/* any context */
u32 opvs_load_estimate(const struct opvs_load *load);

#endif /* OPVS_LOAD_H */
