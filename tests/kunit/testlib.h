/* SPDX-License-Identifier: GPL-2.0-only */
/* Services and servers for tests, in the initial network namespace. */
#ifndef OPVS_TESTLIB_H
#define OPVS_TESTLIB_H

#include <linux/types.h>

struct kunit;
struct opvs_dest;
struct opvs_net;
struct opvs_svc;

int opvs_test_net_init(struct kunit *test, struct opvs_net **on);
void opvs_test_net_exit(struct kunit *test, struct opvs_net *on);
bool opvs_test_live(struct opvs_net *on, int live);
void opvs_test_grace(void);

struct opvs_svc *opvs_test_svc(struct kunit *test, struct opvs_net *on,
			       u32 addr, u16 port);
struct opvs_dest *opvs_test_dest(struct kunit *test, struct opvs_svc *svc,
				 u32 addr, u16 port);
void opvs_test_dest_del(struct kunit *test, struct opvs_dest *dest);
void opvs_test_dest_method(struct kunit *test, struct opvs_dest *dest,
			   u32 method);
void opvs_test_dest_limit(struct kunit *test, struct opvs_dest *dest,
			  u32 upper, u32 lower);
void opvs_test_svc_del(struct opvs_svc *svc);

#endif /* OPVS_TESTLIB_H */
