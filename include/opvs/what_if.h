/* SPDX-License-Identifier: GPL-2.0-only */
/* A service as it would be with other servers, for questions only. */
#ifndef OPVS_WHAT_IF_H
#define OPVS_WHAT_IF_H

#include <linux/types.h>

struct netlink_ext_ack;
struct opvs_dest;
struct opvs_dest_conf;
struct opvs_dest_key;
struct opvs_svc;
struct opvs_view;

/* Most changes of a service that are tried out together. */
#define OPVS_WHAT_IF_MAX	256

/**
 * struct opvs_stand_in - a server as it would be after a change
 * @dest: the server, or NULL: there is none yet
 * @instead: what it would be; in no table; NULL: it would be removed
 */
struct opvs_stand_in {
	struct opvs_dest	*dest;
	struct opvs_dest	*instead;
};

/**
 * struct opvs_what_if - a service as it would be after changes
 * @svc: service
 * @view: what its packets would see, which none does
 * @num: length of @changed
 * @changed: servers that would be other ones
 */
struct opvs_what_if {
	struct opvs_svc		*svc;
	struct opvs_view	*view;
	u32			num;
	struct opvs_stand_in	changed[OPVS_WHAT_IF_MAX];
};

/* cfg_lock held, process context */
struct opvs_what_if *opvs_what_if_new(struct opvs_svc *svc);
int opvs_what_if_without(struct opvs_what_if *wi,
			 const struct opvs_dest_key *key,
			 struct netlink_ext_ack *extack);
int opvs_what_if_with(struct opvs_what_if *wi,
		      const struct opvs_dest_conf *conf,
		      struct netlink_ext_ack *extack);
int opvs_what_if_weight(struct opvs_what_if *wi,
			const struct opvs_dest_key *key, u32 weight,
			struct netlink_ext_ack *extack);
int opvs_what_if_view(struct opvs_what_if *wi, struct netlink_ext_ack *extack);
void opvs_what_if_free(struct opvs_what_if *wi);

#endif /* OPVS_WHAT_IF_H */
