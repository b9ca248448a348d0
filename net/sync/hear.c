// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is heard from the group: entries by a backup, questions by a master.
 *
 * Anybody on the link can send to the group.  With a key (net.opvs.sync_key) only
 * what is sealed with it counts, and nothing that was sealed long before what its
 * sender sealed last.  In any case the worst that a datagram can do is what it says:
 * an entry at a server that is configured here, within the limits.
 *
 * A backup asks for all that there is when it begins, and again when servers were
 * added since it was told of an entry whose server it did not know: a director that
 * starts hears its partner before it has read its own configuration.  An ip_vs master
 * does not answer; after a few tries it is left in peace.  At the end of its answer a
 * master says of how many messages that was: if fewer came, it is asked once more.
 */
#include "daemon.h"

#include <opvs/netns.h>
#include <opvs/wq.h>

#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/time64.h>

/* How long after a question the next one comes: twice as long each time. */
#define ASK_FIRST	HZ
#define ASK_TRIES	5U
#define ASK_SLOWLY	(60 * HZ)

/* How often it is looked whether servers were added. */
#define ASK_AGAIN	(2 * HZ)

/* How often it is asked because messages of its answer were lost. */
#define LOSSES_MAX	3

/* Datagrams of several ports overtake each other by no more than this. */
#define STAMP_SLACK	(2 * NSEC_PER_SEC)

/* Is a sealed datagram's time a new one?  A time that lies ahead does not make those
 * old that come later.  A question that is asked again by another costs a walk over
 * all entries, so it has to be newer than all before it.
 */
static bool is_fresh(struct opvs_daemon *d, u64 stamp)
{
	u64 now = ktime_get_real_ns();
	bool fresh;

	spin_lock(&d->stamp_lock);
	fresh = d->role == OPVS_SYNC_MASTER ? stamp > d->newest :
					      stamp + STAMP_SLACK >= d->newest;
	d->newest = max(d->newest, min(stamp, now));
	spin_unlock(&d->stamp_lock);
	return fresh;
}

/* Was it sealed with our key, and not long ago?  Without a key all is believed. */
static bool is_trusted(struct opvs_daemon *d,
		       const struct opvs_sync_message *msg)
{
	siphash_key_t key;
	u64 stamp;

	if (!opvs_sync_key(d->on, &key))
		return true;
	return opvs_sync_sealed(msg, &key, &stamp) && is_fresh(d, stamp);
}

static void count_applied(struct opvs_daemon *d, int err)
{
	switch (err) {
	case 0:
		opvs_count_task(d->on, SYNC_HEARD);
		return;
	case -EINVAL:
		opvs_count_task(d->on, SYNC_MALFORMED);
		return;
	case -ENOENT:
		opvs_count_task(d->on, SYNC_NO_SERVER);
		if (!READ_ONCE(d->asking.missed)) {
			WRITE_ONCE(d->asking.missed, true);
			queue_delayed_work(opvs_wq, &d->asking.work,
					   ASK_AGAIN);
		}
		return;
	default:
		opvs_count_task(d->on, SYNC_REFUSED);
	}
}

static void hear_entries(struct opvs_daemon *d, struct opvs_sync_message *msg)
{
	unsigned int ticks = OPVS_SYNC_GROWTH_TICKS;
	struct opvs_sync_entry entry;
	int ret;

	while ((ret = opvs_sync_read(msg, &entry)) > 0) {
		/* Who is to end does not wait. */
		if (READ_ONCE(d->stopping))
			ticks = 0;
		count_applied(d, opvs_sync_note(d->on, &entry, &ticks));
	}
	if (ret < 0)
		opvs_count_task(d->on, SYNC_MALFORMED);
}

static void hear_word(struct opvs_daemon *d,
		      const struct opvs_sync_message *msg)
{
	struct opvs_asking *a = &d->asking;
	u32 number;

	switch (opvs_sync_read_word(msg, &number)) {
	case OPVS_SYNC_ASK:
		opvs_tell_all(d);
		break;
	case OPVS_SYNC_BEGIN:
		WRITE_ONCE(a->tries, 0);
		WRITE_ONCE(a->begins, a->begins + 1);
		atomic_set(&a->got, 0);
		break;
	case OPVS_SYNC_END:
		if (!READ_ONCE(a->asked))
			break;
		/* Other ports may be behind. */
		WRITE_ONCE(a->told, number);
		queue_delayed_work(opvs_wq, &a->work, ASK_FIRST);
		break;
	default:
		break;
	}
}

/* Is it this daemon's?  A master leaves entries to the backup beside it. */
static bool is_for(const struct opvs_daemon *d,
		   const struct opvs_sync_message *msg)
{
	bool asks = opvs_sync_read_word(msg, NULL) == OPVS_SYNC_ASK;

	return d->role == OPVS_SYNC_MASTER ? asks : !asks;
}

/**
 * opvs_hear() - a datagram came
 * @d: daemon
 * @data: the datagram; may be anything
 * @len: its length
 *
 * Context: process; takes cfg_lock.
 */
void opvs_hear(struct opvs_daemon *d, u8 *data, unsigned int len)
{
	struct opvs_sync_message msg;

	if (opvs_sync_open(&msg, data, len)) {
		if (d->role == OPVS_SYNC_BACKUP)
			opvs_count_task(d->on, SYNC_MALFORMED);
		return;
	}
	if (!is_for(d, &msg))
		return;
	/* A backup that listens to all asks all. */
	if (d->conf.syncid && msg.syncid != d->conf.syncid &&
	    (d->role == OPVS_SYNC_BACKUP || msg.syncid)) {
		opvs_count_task(d->on, SYNC_OTHERS);
		return;
	}
	if (!is_trusted(d, &msg)) {
		opvs_count_task(d->on, SYNC_FORGED);
		return;
	}
	opvs_count_task(d->on, SYNC_RECEIVED);
	if (msg.left) {
		atomic_inc(&d->asking.got);
		hear_entries(d, &msg);
	} else {
		hear_word(d, &msg);
	}
}

/* Were servers added since something was missed? */
static bool ask_once_more(struct opvs_daemon *d)
{
	struct opvs_asking *a = &d->asking;
	u32 servers = READ_ONCE(d->on->svc.num_added);

	if (!READ_ONCE(a->missed) || servers == a->servers)
		return false;
	WRITE_ONCE(a->missed, false);
	a->servers = servers;
	WRITE_ONCE(a->tries, 1);
	return true;
}

/* Were messages of the answer lost, and more than a few times? */
static bool ask_for_lost(struct opvs_daemon *d)
{
	struct opvs_asking *a = &d->asking;
	u32 told = READ_ONCE(a->told);

	if (!told)
		return false;
	WRITE_ONCE(a->told, 0);
	WRITE_ONCE(a->asked, false);
	if ((s32)(told - atomic_read(&a->got)) <= 0) {
		a->losses = 0;
		return false;
	}
	/* Of two masters that answer it cannot be told. */
	if (READ_ONCE(a->begins) != 1 || a->losses >= LOSSES_MAX)
		return false;
	a->losses++;
	WRITE_ONCE(a->tries, 1);
	return true;
}

/* Until when the next question waits.  With a key there is no ip_vs, and who has a
 * wrong clock is not believed until it is set.
 */
static unsigned long ask_pause(struct opvs_daemon *d, unsigned int tries)
{
	siphash_key_t key;

	if (tries <= ASK_TRIES)
		return ASK_FIRST << (tries - 1);
	return opvs_sync_key(d->on, &key) ? ASK_SLOWLY : 0;
}

static void ask_work(struct work_struct *work)
{
	struct opvs_daemon *d = container_of(to_delayed_work(work),
					     struct opvs_daemon, asking.work);
	struct opvs_asking *a = &d->asking;
	bool again = ask_once_more(d) || ask_for_lost(d);
	unsigned int tries = READ_ONCE(a->tries);
	unsigned long pause = tries ? ask_pause(d, tries) : 0;

	if (again || pause) {
		/* Before the answer can come. */
		WRITE_ONCE(a->tries, min(tries, ASK_TRIES) + 1);
		WRITE_ONCE(a->begins, 0);
		WRITE_ONCE(a->asked, true);
		opvs_say(d, OPVS_SYNC_ASK, 0);
		queue_delayed_work(opvs_wq, &a->work, pause);
	} else if (READ_ONCE(a->missed)) {
		queue_delayed_work(opvs_wq, &a->work, ASK_AGAIN);
	}
}

/**
 * opvs_ask_start() - have a backup ask for all that the master has
 * @d: daemon, complete
 *
 * Context: process.
 */
void opvs_ask_start(struct opvs_daemon *d)
{
	WRITE_ONCE(d->asking.tries, 1);
	mod_delayed_work(opvs_wq, &d->asking.work, 0);
}

/**
 * opvs_ask_init() - what opvs_ask_start() begins
 * @d: daemon that is being made
 *
 * Context: process.
 */
void opvs_ask_init(struct opvs_daemon *d)
{
	INIT_DELAYED_WORK(&d->asking.work, ask_work);
	d->asking.servers = READ_ONCE(d->on->svc.num_added);
}

/**
 * opvs_ask_stop() - ask no more
 * @d: daemon that hears nothing any more
 *
 * Context: process.
 */
void opvs_ask_stop(struct opvs_daemon *d)
{
	cancel_delayed_work_sync(&d->asking.work);
}
