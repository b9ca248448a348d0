/* SPDX-License-Identifier: GPL-2.0-only */
/* What the end of a namespace waits for.
 *
 * A debug build (a kernel with CONFIG_DEBUG_NET, or `make DEBUG=1') knows all
 * services and servers that are not freed yet, so that a wait that takes long
 * can be told with names.
 */
#ifndef OPVS_WATCH_H
#define OPVS_WATCH_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#if IS_ENABLED(CONFIG_DEBUG_NET) && !defined(OPVS_DEBUG)
#define OPVS_DEBUG
#endif

struct opvs_dest;
struct opvs_net;
struct opvs_svc;

/**
 * struct opvs_watched - place of a service or server among what is waited for
 * @list: in opvs_watch.svcs or opvs_watch.dests; opvs_watch.lock
 */
struct opvs_watched {
#ifdef OPVS_DEBUG
	struct list_head	list;
#endif
};

/**
 * struct opvs_watch - names of what a namespace has that is not freed yet
 * @told: how often a wait was told
 * @lock: see &struct opvs_net
 * @svcs: services
 * @dests: servers
 * @holder: the first server that the last report named
 */
struct opvs_watch {
	unsigned int		told;
#ifdef OPVS_DEBUG
	struct mutex		lock;		/* lists, and what is in them */
	struct list_head	svcs;
	struct list_head	dests;
	char			holder[192];
#endif
};

/* Process context */
void opvs_watch_init(struct opvs_net *on);
void opvs_watch_wait(struct opvs_net *on);

#ifdef OPVS_DEBUG
void opvs_watch_svc(struct opvs_svc *svc);
void opvs_watch_dest(struct opvs_dest *dest);
void opvs_unwatch(struct opvs_net *on, struct opvs_watched *watched);
#else
static inline void opvs_watch_svc(struct opvs_svc *svc) { }
static inline void opvs_watch_dest(struct opvs_dest *dest) { }
static inline void opvs_unwatch(struct opvs_net *on,
				struct opvs_watched *watched) { }
#endif

#endif /* OPVS_WATCH_H */
