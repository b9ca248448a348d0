/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events: what changed, for those who listen.
 *
 * Told where things change, whichever interface asked for it, and under cfg_lock,
 * so that events have the order of the changes.  Packets take no lock: they leave
 * word, and the clock tells it.
 */
#ifndef OPVS_EVENT_H
#define OPVS_EVENT_H

#include <linux/llist.h>
#include <linux/opvs.h>
#include <linux/types.h>

struct opvs_dest;
struct opvs_dest_conf;
struct opvs_net;
struct opvs_policy;
struct opvs_svc;
struct opvs_svc_conf;

/* Events that are sent in one second at most. */
#define OPVS_EVENTS_MAX	1024

/**
 * struct opvs_event - something that happened
 * @cmd: OPVS_CMD_*, an event of <linux/opvs.h>; what else is valid follows
 *	from it
 * @svc: the service that it is about, or NULL
 * @dest: the server, or NULL
 * @policy: the timeout policy, or NULL
 * @changed: OPVS_CHANGED_*, of an edit
 * @old_weight: of the server, if @changed has OPVS_CHANGED_WEIGHT
 * @limit: OPVS_LIMIT_KIND_*, of a limit that was reached
 */
struct opvs_event {
	u8				cmd;
	const struct opvs_svc		*svc;
	const struct opvs_dest		*dest;
	const struct opvs_policy	*policy;
	u32				changed;
	u32				old_weight;
	u8				limit;
};

/**
 * struct opvs_event_ops - who tells it to users
 * @wanted: does anybody listen?  Any context
 * @tell: send it, with what &struct opvs_net_events says.  Process context,
 *	cfg_lock held.  Return: 0, or a negative errno if nobody got it
 *
 * Installed by the glue layer.
 */
struct opvs_event_ops {
	bool	(*wanted)(const struct opvs_net *on);
	int	(*tell)(struct opvs_net *on, const struct opvs_event *event);
};

/**
 * struct opvs_net_events - events of a namespace
 * @ops: who tells them; NULL: nobody does; constant
 * @portid: netlink port of the command that runs, 0: none does; cfg_lock
 * @lost: events that were not sent since the last one that was; cfg_lock
 * @sequence: number of the last event; cfg_lock
 * @second: when the second began for which @sent counts, jiffies of 64 bits;
 *	cfg_lock
 * @sent: events since then; cfg_lock
 * @overloads: servers whose overload began or ended
 * @limits: bit of each &enum opvs_limit_kind that was reached, still to be told
 * @limit_at: when that was taken down last, in jiffies; 0: never.  Of a service it
 *	stands there
 */
struct opvs_net_events {
	const struct opvs_event_ops	*ops;
	u32				portid;
	u32				lost;
	u64				sequence;
	u64				second;
	u32				sent;
	struct llist_head		overloads;
	unsigned long			limits;
	unsigned long			limit_at[OPVS_LIMIT_KIND_SERVICE];
};

/* cfg_lock held, process context */
void opvs_event_tell(struct opvs_net *on, const struct opvs_event *event);
void opvs_event_svc(struct opvs_svc *svc, u8 cmd);
void opvs_event_dest(struct opvs_dest *dest, u8 cmd);
void opvs_event_svc_edit(struct opvs_svc *svc, const struct opvs_svc_conf *old);
void opvs_event_dest_edit(struct opvs_dest *dest,
			  const struct opvs_dest_conf *old);

/* any context */
void opvs_event_overload(struct opvs_dest *dest, bool begins);
void opvs_event_limit(struct opvs_net *on, struct opvs_svc *svc, u8 limit);

/* for the clock; cfg_lock held */
void opvs_event_tell_overloads(struct opvs_net *on);
void opvs_event_tell_limits(struct opvs_net *on);
bool opvs_event_tell_lost(struct opvs_net *on);

#endif /* OPVS_EVENT_H */
