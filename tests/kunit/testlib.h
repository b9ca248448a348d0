/* SPDX-License-Identifier: GPL-2.0-only */
/* Services, servers and connections for tests, in the initial namespace. */
#ifndef OPVS_TESTLIB_H
#define OPVS_TESTLIB_H

#include <linux/types.h>

struct kunit;
struct opvs_conn;
struct opvs_conn_start;
struct opvs_dest;
struct opvs_dest_conf;
struct opvs_net;
struct opvs_svc;
struct opvs_svc_conf;

int opvs_test_net_init(struct kunit *test, struct opvs_net **on);
void opvs_test_net_exit(struct kunit *test, struct opvs_net *on);
bool opvs_test_live(struct opvs_net *on, int live);
void opvs_test_grace(void);
void opvs_test_end_all(struct opvs_net *on);
bool opvs_test_conns(struct opvs_net *on, int count);

struct opvs_svc *opvs_test_svc(struct kunit *test, struct opvs_net *on,
			       u32 addr, u16 port);
struct opvs_dest *opvs_test_dest(struct kunit *test, struct opvs_svc *svc,
				 u32 addr, u16 port);
struct opvs_svc *opvs_test_svc_as(struct kunit *test, struct opvs_net *on,
				  const struct opvs_svc_conf *conf);
struct opvs_dest *opvs_test_dest_as(struct kunit *test, struct opvs_svc *svc,
				    const struct opvs_dest_conf *conf);
void opvs_test_dest_del(struct kunit *test, struct opvs_dest *dest);
void opvs_test_dest_method(struct kunit *test, struct opvs_dest *dest,
			   u32 method);
void opvs_test_dest_limit(struct kunit *test, struct opvs_dest *dest,
			  u32 upper, u32 lower);
void opvs_test_svc_del(struct opvs_svc *svc);

void opvs_test_svc_conf(struct opvs_svc_conf *conf, u8 proto);
void opvs_test_dest_conf(struct opvs_dest_conf *conf, u32 addr, u16 port);
void opvs_test_start(struct opvs_conn_start *start, struct opvs_dest *dest,
		     u32 client, u16 port);
struct opvs_conn *opvs_test_begin(struct opvs_net *on,
				  const struct opvs_conn_start *start,
				  bool *raced);

static inline struct opvs_conn *
opvs_test_track(struct opvs_net *on, const struct opvs_conn_start *start)
{
	return opvs_test_begin(on, start, NULL);
}

#endif /* OPVS_TESTLIB_H */
