// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of persistence in time: for how long a template holds, and when it
 * is void.
 *
 *	service 192.0.2.1:80 --- 198.51.100.11:80, 198.51.100.12:80
 */
#include "persist_fixture.h"

/* ---- when it is void ---- */

static void template_server_removed(struct kunit *test)
{
	struct opvs_dest *gone;
	struct opvs_conn *tp;

	begin_tcp(test);
	gone = choose(test, CLIENT, 80)->dest;
	opvs_test_dest_del(test, gone);
	tp = choose(test, CLIENT, 80);
	KUNIT_EXPECT_PTR_NE(test, tp->dest, gone);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	/* The old one was ended, and with it the server. */
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 1);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
}

static void set_weight(struct kunit *test, struct opvs_dest *dest, u32 weight)
{
	struct opvs_dest_conf conf = dest->conf;
	int err;

	conf.weight = weight;
	mutex_lock(&on->cfg_lock);
	err = opvs_dest_edit(dest, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void template_quiescent(struct kunit *test)
{
	struct opvs_conn *tp, *other;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	set_weight(test, tp->dest, 0);
	/* Draining: who knows it may go on with it. */
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	other = choose(test, CLIENT + 1, 80);
	KUNIT_EXPECT_PTR_NE(test, other->dest, tp->dest);

	rcu_read_lock();
	WRITE_ONCE(on->settings.expire_quiescent_template, 1);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80)->dest, other->dest);
	KUNIT_EXPECT_TRUE(test, opvs_conn_dead(tp));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 2);
}

/* A server that has all it may have keeps the clients that it has. */
static void template_overloaded(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *tp;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	opvs_test_dest_limit(test, tp->dest, 1, 0);
	opvs_test_start(&start, tp->dest, CLIENT, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(tp->dest));
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_PTR_NE(test, choose(test, CLIENT + 1, 80)->dest, tp->dest);
	KUNIT_EXPECT_PTR_NE(test, choose(test, CLIENT + 2, 80)->dest, tp->dest);
}

static void template_no_server(struct kunit *test)
{
	const struct opvs_flow flow = {
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};
	struct opvs_svc_conf conf;

	good_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	KUNIT_EXPECT_TRUE(test, choose_by(NULL, &flow) ==
			  OPVS_VERDICT(DROP_NO_SERVER));
	KUNIT_EXPECT_NULL(test, choice.dest);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 0);
}

/* ---- how long it holds ---- */

/* Brings a template's time closer, as if it had passed. */
static void age(struct opvs_conn *tp, s32 to)
{
	WRITE_ONCE(tp->expiring.expires,
		   (u32)(jiffies + to) & ~OPVS_EXPIRE_DYING);
}

static struct opvs_conn *begin_child(struct kunit *test, struct opvs_conn *tp)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, tp->dest, CLIENT, 1);
	start.control = tp;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static void end(struct kunit *test, struct opvs_conn *cp)
{
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(cp));
	rcu_read_unlock();
}

static void template_refreshed(struct kunit *test)
{
	struct opvs_conn *tp;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	age(tp, 30 * HZ);
	KUNIT_EXPECT_LE(test, left(tp), 30);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_EQ(test, left(tp), TIMEOUT);
}

static void template_over(struct kunit *test)
{
	struct opvs_conn *tp;
	u64 created;

	begin_tcp(test);
	rcu_read_lock();
	tp = choose(test, CLIENT, 80);
	created = opvs_counter_read(on, OPVS_CTR_TEMPLATE_CREATED);
	KUNIT_EXPECT_TRUE(test, opvs_conn_expire(tp));
	KUNIT_EXPECT_PTR_NE(test, choose(test, CLIENT, 80), tp);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, created + 1,
			opvs_counter_read(on, OPVS_CTR_TEMPLATE_CREATED));
}

/* A new timeout of the service holds from the next refresh on. */
static void template_edited(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn *tp;
	int err;

	good_conf(&conf, IPPROTO_TCP);
	begin(test, &conf);
	tp = choose(test, CLIENT, 80);
	conf.timeout = 10;
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_LE(test, left(tp), 10);
	KUNIT_EXPECT_GE(test, left(tp), 9);
}

/* Its children keep it, and who comes meanwhile gives it its time back, whether
 * the sweeper has seen that it was over or not.
 */
static void revive(struct kunit *test, bool swept)
{
	struct opvs_conn *tp, *cp;
	u32 keep;

	begin_tcp(test);
	/* The sweeper is far away, and we do what it does. */
	opvs_expire_set_interval(&on->conn.expire, 60 * HZ);
	tp = choose(test, CLIENT, 80);
	cp = begin_child(test, tp);
	age(tp, 0);
	if (swept) {
		keep = on->conn.expire.ops->keep(&on->conn.expire, &tp->expiring);
		KUNIT_EXPECT_GT(test, keep, 0);
		age(tp, keep);
	}
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_EQ(test, left(tp), TIMEOUT);
	end(test, cp);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(tp));
	KUNIT_EXPECT_GE(test, left(tp), TIMEOUT - 2);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
}

static void template_revived(struct kunit *test)
{
	revive(test, false);
}

static void template_revived_swept(struct kunit *test)
{
	revive(test, true);
}

static opvs_verdict_t quote(const struct opvs_flow *flow,
			    struct opvs_dest **dest)
{
	opvs_verdict_t verdict;

	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_pick_quoted(on, svc, NULL, flow, dest);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

/* An error about a packet belongs to whom the client's template names, and not
 * to the only one that the scheduler would still choose.
 */
static void template_quoted(struct kunit *test)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT),
		.daddr.ip = htonl(VIP),
		.sport = htons(5060),
		.dport = htons(5060),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
	};
	struct opvs_svc_conf conf;
	struct opvs_dest *dest;

	good_conf(&conf, IPPROTO_UDP);
	conf.flags |= IP_VS_SVC_F_ONEPACKET;
	begin(test, &conf);
	KUNIT_EXPECT_TRUE(test, quote(&flow, &dest) ==
			  OPVS_VERDICT(ICMP_UNATTRIBUTED));
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_GO_ON);
	KUNIT_EXPECT_TRUE(test, quote(&flow, &dest) == OPVS_GO_ON);
	KUNIT_EXPECT_PTR_EQ(test, dest, choice.dest);
	set_weight(test, choice.dest, 0);
	KUNIT_EXPECT_TRUE(test, quote(&flow, &dest) == OPVS_GO_ON);
	KUNIT_EXPECT_PTR_EQ(test, dest, choice.dest);
	/* Nor does that keep it alive. */
	age(choice.control, 5 * HZ);
	quote(&flow, &dest);
	KUNIT_EXPECT_LE(test, left(choice.control), 5);
}

/* No room for a template: the connection is refused, too. */
static void template_limit(struct kunit *test)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT + 1),
		.daddr.ip = htonl(VIP),
		.dport = htons(80),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};

	begin_tcp(test);
	begin_child(test, choose(test, CLIENT, 80));
	WRITE_ONCE(on->conn.limit.max, 1);
	KUNIT_EXPECT_TRUE(test, choose_by(NULL, &flow) ==
			  OPVS_VERDICT(DROP_LIMIT));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 2);
}

static struct kunit_case template_cases[] = {
	KUNIT_CASE(template_server_removed),
	KUNIT_CASE(template_quiescent),
	KUNIT_CASE(template_overloaded),
	KUNIT_CASE(template_no_server),
	KUNIT_CASE(template_refreshed),
	KUNIT_CASE(template_over),
	KUNIT_CASE(template_edited),
	KUNIT_CASE(template_revived),
	KUNIT_CASE(template_revived_swept),
	KUNIT_CASE(template_quoted),
	KUNIT_CASE(template_limit),
	{}
};

static struct kunit_suite template_suite = {
	.name = "opvs_template",
	.init = persist_init,
	.exit = persist_exit,
	.test_cases = template_cases,
};

kunit_test_suite(template_suite);

MODULE_DESCRIPTION("opvs: unit tests of persistence in time");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
