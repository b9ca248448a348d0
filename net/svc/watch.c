// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wait for references at a namespace's end.
 *
 * Services, servers and what schedulers remember are freed when their last
 * reference is gone and a grace period has passed.  Should that last, it is
 * said: after 1, 2, 4, 8, ... seconds and with names in a debug build, from the
 * tenth second on otherwise.
 */
#include <opvs/watch.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/words.h>

#include <linux/kernel.h>
#include <linux/wait_bit.h>

#ifdef OPVS_DEBUG
#define WATCH_FIRST	HZ
#else
#define WATCH_FIRST	(10 * HZ)
#endif

/* Services, and servers, that a report names. */
#define WATCH_NAMED	8

/**
 * opvs_live_inc() - note an object that the namespace's exit must wait for
 *
 * Context: process.
 */
void opvs_live_inc(struct opvs_net *on)
{
	atomic_inc(&on->svc.live);
}

/**
 * opvs_live_dec() - the object is gone; nothing of it may be touched after
 *
 * Context: process.
 */
void opvs_live_dec(struct opvs_net *on)
{
	if (atomic_dec_and_test(&on->svc.live))
		wake_up_var(&on->svc.live);
}

#ifdef OPVS_DEBUG

/**
 * opvs_watch_svc() - a service is there from now on
 * @svc: service
 *
 * Context: process.
 */
void opvs_watch_svc(struct opvs_svc *svc)
{
	struct opvs_watch *watch = &svc->on->svc.watch;

	mutex_lock(&watch->lock);
	list_add_tail(&svc->watched.list, &watch->svcs);
	mutex_unlock(&watch->lock);
}

/**
 * opvs_watch_dest() - a server is there from now on
 * @dest: server
 *
 * Context: process.
 */
void opvs_watch_dest(struct opvs_dest *dest)
{
	struct opvs_watch *watch = &dest->svc->on->svc.watch;

	mutex_lock(&watch->lock);
	list_add_tail(&dest->watched.list, &watch->dests);
	mutex_unlock(&watch->lock);
}

/**
 * opvs_unwatch() - a service or server is about to be freed
 * @watched: its place
 *
 * Context: process.
 */
void opvs_unwatch(struct opvs_net *on, struct opvs_watched *watched)
{
	mutex_lock(&on->svc.watch.lock);
	list_del(&watched->list);
	mutex_unlock(&on->svc.watch.lock);
}

/* The count is not known until all CPUs have seen the reference killed. */
static int name_refs(char *buf, size_t size, struct percpu_ref *ref)
{
	long count = atomic_long_read(&ref->data->count);

	if (!percpu_ref_is_dying(ref))
		return scnprintf(buf, size, "not let go");
	if (percpu_ref_is_zero(ref))
		return scnprintf(buf, size, "no references");
	return scnprintf(buf, size, "%ld references", max(count, 0L));
}

static void name_dest(char *buf, size_t size, struct opvs_dest *dest)
{
	int len;

	len = scnprintf(buf, size, "%s of %s: ",
			opvs_words_end(&dest->addr, dest->port,
				       dest->family).text,
			opvs_words_svc(&dest->svc->key).text);
	len += name_refs(buf + len, size - len, &dest->ref);
	scnprintf(buf + len, size - len, ", %d connections, %d templates",
		  atomic_read(&dest->conns), atomic_read(&dest->persist));
}

static void tell_names(struct opvs_watch *watch)
{
	char text[sizeof(watch->holder)];
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	int n = 0;

	mutex_lock(&watch->lock);
	list_for_each_entry(dest, &watch->dests, watched.list) {
		name_dest(text, sizeof(text), dest);
		if (!n)
			strscpy(watch->holder, text, sizeof(watch->holder));
		if (n++ == WATCH_NAMED)
			break;
		pr_notice("  server %s\n", text);
	}
	n = 0;
	list_for_each_entry(svc, &watch->svcs, watched.list) {
		if (n++ == WATCH_NAMED)
			break;
		pr_notice("  service %s: %u references\n",
			  opvs_words_svc(&svc->key).text,
			  refcount_read(&svc->ref));
	}
	mutex_unlock(&watch->lock);
}

static void names_init(struct opvs_watch *watch)
{
	mutex_init(&watch->lock);
	INIT_LIST_HEAD(&watch->svcs);
	INIT_LIST_HEAD(&watch->dests);
}

#else

static void tell_names(struct opvs_watch *watch) { }
static void names_init(struct opvs_watch *watch) { }

#endif /* OPVS_DEBUG */

static void tell(struct opvs_net *on, unsigned long waited)
{
	pr_notice("the end of a network namespace has waited %lu s for references: %d objects, %d entries\n",
		  waited / HZ, atomic_read(&on->svc.live),
		  atomic_read(&on->conn.limit.count));
	tell_names(&on->svc.watch);
	WRITE_ONCE(on->svc.watch.told, on->svc.watch.told + 1);
}

/**
 * opvs_watch_wait() - wait until all that was let go is freed
 * @on: namespace whose services and connections are gone
 *
 * Context: process.
 */
void opvs_watch_wait(struct opvs_net *on)
{
	unsigned long waited = 0, step = WATCH_FIRST;

	/* Longer each time, so that the check for hung tasks finds it, too. */
	while (!wait_var_event_timeout(&on->svc.live,
				       !atomic_read(&on->svc.live), step)) {
		waited += step;
		step = waited;
		tell(on, waited);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_watch_wait);

/**
 * opvs_watch_init() - there is nothing to wait for yet
 *
 * Context: process.
 */
void opvs_watch_init(struct opvs_net *on)
{
	names_init(&on->svc.watch);
}
