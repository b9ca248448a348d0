/* SPDX-License-Identifier: GPL-2.0-only */
/* Schedulers: const registry, what they share, and the individual rules. */
#ifndef OPVS_SCHED_H
#define OPVS_SCHED_H

#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>

#include <opvs/ops.h>

extern const struct opvs_sched_ops opvs_sched_none;
extern const struct opvs_sched_ops opvs_sched_rr;
extern const struct opvs_sched_ops opvs_sched_wrr;
extern const struct opvs_sched_ops opvs_sched_lc;
extern const struct opvs_sched_ops opvs_sched_wlc;
extern const struct opvs_sched_ops opvs_sched_sed;
extern const struct opvs_sched_ops opvs_sched_nq;
extern const struct opvs_sched_ops opvs_sched_twos;
extern const struct opvs_sched_ops opvs_sched_fo;
extern const struct opvs_sched_ops opvs_sched_ovf;
extern const struct opvs_sched_ops opvs_sched_lblc;
extern const struct opvs_sched_ops opvs_sched_lblcr;
extern const struct opvs_sched_ops opvs_sched_sh;
extern const struct opvs_sched_ops opvs_sched_dh;
extern const struct opvs_sched_ops opvs_sched_mh;

const struct opvs_sched_ops *opvs_sched_find(const char *name);
const struct opvs_sched_ops *opvs_sched_nth(size_t n);
struct opvs_dest *opvs_sched_other(const struct opvs_view *view,
				   const struct opvs_dest *dest);

/* packets; softirq or BH disabled, RCU read side */
struct opvs_dest *opvs_sched_pick_keyless(const struct opvs_view *view,
					  const struct opvs_sched_req *req);

/**
 * opvs_sched_pick() - choose a server
 * @view: view of the service
 * @req: packet
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: an available server, or NULL.
 */
static inline struct opvs_dest *
opvs_sched_pick(const struct opvs_view *view,
		const struct opvs_sched_req *req)
{
	if (unlikely(req->keyless && !view->ops->picks_keyless))
		return opvs_sched_pick_keyless(view, req);
	return view->ops->pick(view, req);
}

struct opvs_dest *opvs_sched_peek(const struct opvs_view *view,
				  const struct opvs_sched_req *req);

/* for schedulers */
u64 opvs_sched_hash(const struct opvs_view *view,
		    const struct opvs_sched_req *req);
u64 opvs_sched_spread(const struct opvs_view *view, u64 range);
struct opvs_dest *opvs_sched_scan(const struct opvs_view *view, u32 from);
ssize_t opvs_sched_sums_size(const struct opvs_view *view,
			     const struct opvs_view *prev,
			     struct netlink_ext_ack *extack);
void opvs_sched_sums_build(struct opvs_view *view,
			   const struct opvs_view *prev);
u64 opvs_sched_sum(const struct opvs_view *view);
u32 opvs_sched_sums_find(const struct opvs_view *view, u64 at);
u64 opvs_sched_conns(const struct opvs_dest *dest);
int opvs_sched_cmp(u64 load, u32 weight, u64 load2, u32 weight2);

/**
 * opvs_sched_step() - take this CPU's next turn of a round
 * @view: view of the service
 * @round: length of the round; not 0
 *
 * The cursor may hold any number, as left by a view with a longer round.  On
 * each CPU a turn is never given twice or left out.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: turns follow each other from 0 to @round - 1 and again from 0.
 */
static inline u32 opvs_sched_step(const struct opvs_view *view, u32 round)
{
	u32 *cursor = this_cpu_ptr(view->cursor);
	u32 turn = *cursor < round ? *cursor : *cursor % round;

	lockdep_assert_in_softirq();
	*cursor = turn + 1 < round ? turn + 1 : 0;
	return turn;
}

#endif /* OPVS_SCHED_H */
