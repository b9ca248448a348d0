/* SPDX-License-Identifier: GPL-2.0-only */
/* The two daemons of a namespace. */
#ifndef OPVS_SYNC_DAEMON_H
#define OPVS_SYNC_DAEMON_H

#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/siphash.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <opvs/conn.h>
#include <opvs/sync.h>

#include "wire.h"

struct netlink_ext_ack;
struct socket;

/* UDP ports that a daemon may use. */
#define OPVS_SYNC_PORTS_MAX	64

/**
 * struct opvs_ear - a socket on which a partner is heard
 * @of: whose ear it is
 * @sock: socket
 * @work: reads what came
 * @ready: what the socket calls by itself when something comes
 * @room: bytes at @data
 * @data: a datagram
 */
struct opvs_ear {
	struct opvs_daemon	*of;
	struct socket		*sock;
	struct work_struct	work;
	void			(*ready)(struct sock *sk);
	unsigned int		room;
	u8			*data;
};

/**
 * struct opvs_device - the interface of a daemon
 * @notifier: hears of it
 * @work: looks what has become of it
 * @ifindex: which the sockets belong to, 0: not all are open, or it is gone; READ_ONCE
 *	and WRITE_ONCE
 * @up: it was of use when that looked last; the work's
 * @watched: @notifier is registered
 */
struct opvs_device {
	struct notifier_block	notifier;
	struct work_struct	work;
	int			ifindex;
	bool			up;
	bool			watched;
};

/**
 * struct opvs_catch_up - the walk over all entries for a partner that asked
 * @work: goes on with it
 * @walk: where it is
 * @until: where it ends once it has been around
 * @around: it goes on from the beginning when it comes to the end
 * @busy: it is under way
 * @sent_at: what &struct opvs_daemon.sent was when it was begun last
 *
 * All but @work are under &struct opvs_daemon.lock.
 */
struct opvs_catch_up {
	struct delayed_work	work;
	struct opvs_conn_walk	walk;
	u64			until;
	bool			around;
	bool			busy;
	u32			sent_at;
};

/**
 * struct opvs_asking - how a backup asks for all that the master has
 * @work: asks
 * @tries: how often it asked in vain; the work's, and 0 when it was answered
 * @missed: something was told of whose server is not known here
 * @servers: how many servers were ever added when it asked last
 * @asked: it asked, and no answer is complete yet
 * @begins: answers that began since; more than one cannot be told apart
 * @got: messages that came since the last of them began
 * @told: how many it says there were, once it has told of all; else 0
 * @losses: how often that were more than came, one time after the other
 */
struct opvs_asking {
	struct delayed_work	work;
	unsigned int		tries;
	bool			missed;
	u32			servers;
	bool			asked;
	unsigned int		begins;
	atomic_t		got;
	u32			told;
	unsigned int		losses;
};

/**
 * struct opvs_daemon - a daemon
 * @on: namespace; constant
 * @role: constant
 * @conf: constant, with defaults filled in
 * @stopping: it is to end soon; READ_ONCE
 * @ports: how many UDP ports there are; constant
 * @device: the interface by which it is reached
 * @mouth: socket for what is sent, or NULL while there is none; @lock
 * @lock: for what is written at present
 * @out: datagrams that are written, one for each port; @lock
 * @sent: messages that were sent, wrapping; @lock
 * @stamp: of the last sealed datagram; @lock
 * @newest: time of the newest sealed datagram that it heard, in nanoseconds;
 *	@stamp_lock
 * @stamp_lock: ears hear at the same time
 * @catch_up: of a master
 * @asking: of a backup
 * @ears: a backup's, one for each port; a master has one, for questions
 * @num_ears: length of @ears
 */
struct opvs_daemon {
	struct opvs_net			*on;
	enum opvs_sync_role		role;
	struct opvs_sync_conf		conf;
	bool				stopping;
	unsigned int			ports;
	struct opvs_device		device;
	struct socket			*mouth;
	struct mutex			lock;	/* see above */
	struct opvs_sync_message	*out;
	u32				sent;
	u64				stamp;
	u64				newest;
	spinlock_t			stamp_lock;	/* see above */
	struct opvs_catch_up		catch_up;
	struct opvs_asking		asking;
	unsigned int			num_ears;
	struct opvs_ear			ears[];
};

/* socket.c */
int opvs_mouth_open(struct opvs_daemon *d, int ifindex);
void opvs_mouth_close(struct opvs_daemon *d);
int opvs_ear_open(struct opvs_daemon *d, struct opvs_ear *ear, int ifindex,
		  unsigned int nth);
void opvs_ear_close(struct opvs_ear *ear);
int opvs_mouth_send(struct opvs_daemon *d, unsigned int nth, const u8 *data,
		    unsigned int len);

/* device.c */
int opvs_device_watch(struct opvs_daemon *d, int ifindex);
void opvs_device_forget(struct opvs_daemon *d);

/* sync.c */
int opvs_sockets_open(struct opvs_daemon *d, int ifindex,
		      struct netlink_ext_ack *extack);
void opvs_sockets_close(struct opvs_daemon *d);
void opvs_sync_afresh(struct opvs_daemon *d);

/* tell.c */
int opvs_tell_start(struct opvs_daemon *d);
void opvs_tell_stop(struct opvs_daemon *d);
void opvs_tell_all(struct opvs_daemon *d);
void opvs_say(struct opvs_daemon *d, enum opvs_sync_word word, u32 number);

/* hear.c */
void opvs_hear(struct opvs_daemon *d, u8 *data, unsigned int len);
void opvs_ask_init(struct opvs_daemon *d);
void opvs_ask_start(struct opvs_daemon *d);
void opvs_ask_stop(struct opvs_daemon *d);

#endif /* OPVS_SYNC_DAEMON_H */
