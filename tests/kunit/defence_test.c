// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the defences: what memory switches, and whom drop_entry ends. */
#include <opvs/defence.h>

#include <opvs/conn.h>
#include <opvs/kunit.h>
#include <opvs/proto.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/string.h>

/* ---- modes ---- */

struct mode_case {
	const char	*name;
	u64		pages;
	int		before;
	int		after;
	bool		on;
};

/* The threshold is IPVS's default of 1024 pages. */
static const struct mode_case mode_cases[] = {
	{ "off, plenty", U64_MAX, 0, 0, false },
	{ "off, none", 0, 0, 0, false },
	{ "1, plenty", 5000000000ULL, 1, 1, false },
	{ "1, just enough", 1024, 1, 1, false },
	{ "1, just not enough", 1023, 1, 2, true },
	{ "1, none", 0, 1, 2, true },
	{ "2, none", 0, 2, 2, true },
	{ "2, just not enough", 1023, 2, 2, true },
	{ "2, just enough", 1024, 2, 1, false },
	{ "2, plenty", 1ULL << 40, 2, 1, false },
	{ "3, plenty", U64_MAX, 3, 3, true },
	{ "3, none", 0, 3, 3, true },
};

static void mode_name(const struct mode_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mode, mode_cases, mode_name);

static struct opvs_settings settings_with(int drop_entry, int drop_packet,
					  int secure_tcp)
{
	return (struct opvs_settings){
		.amemthresh	= 1024,
		.am_droprate	= 10,
		.drop_entry	= drop_entry,
		.drop_packet	= drop_packet,
		.secure_tcp	= secure_tcp,
	};
}

static void mode_drop_entry(struct kunit *test)
{
	const struct mode_case *row = test->param_value;
	struct opvs_settings s = settings_with(row->before, 0, 0);

	KUNIT_EXPECT_EQ(test, row->on, opvs_defence_judge(&s, row->pages));
	KUNIT_EXPECT_EQ(test, row->after, s.drop_entry);
	KUNIT_EXPECT_EQ(test, 0, s.drop_packet);
	KUNIT_EXPECT_EQ(test, 0, s.drop_rate);
	KUNIT_EXPECT_FALSE(test, s.secure_tcp_on);
}

static void mode_drop_packet(struct kunit *test)
{
	const struct mode_case *row = test->param_value;
	struct opvs_settings s = settings_with(0, row->before, 0);

	KUNIT_EXPECT_FALSE(test, opvs_defence_judge(&s, row->pages));
	KUNIT_EXPECT_EQ(test, row->after, s.drop_packet);
	KUNIT_EXPECT_EQ(test, row->on, s.drop_rate != 0);
	KUNIT_EXPECT_EQ(test, 0, s.secure_tcp);
}

static void mode_secure_tcp(struct kunit *test)
{
	const struct mode_case *row = test->param_value;
	struct opvs_settings s = settings_with(0, 0, row->before);

	KUNIT_EXPECT_FALSE(test, opvs_defence_judge(&s, row->pages));
	KUNIT_EXPECT_EQ(test, row->after, s.secure_tcp);
	KUNIT_EXPECT_EQ(test, row->on, s.secure_tcp_on);
	KUNIT_EXPECT_EQ(test, 0, s.drop_rate);
}

/* What was on goes off when its setting does. */
static void mode_switched_off(struct kunit *test)
{
	struct opvs_settings s = settings_with(3, 3, 3);

	KUNIT_EXPECT_TRUE(test, opvs_defence_judge(&s, U64_MAX));
	KUNIT_EXPECT_EQ(test, 10, s.drop_rate);
	KUNIT_EXPECT_TRUE(test, s.secure_tcp_on);

	s.drop_entry = 0;
	s.drop_packet = 0;
	s.secure_tcp = 0;
	KUNIT_EXPECT_FALSE(test, opvs_defence_judge(&s, 0));
	KUNIT_EXPECT_EQ(test, 0, s.drop_rate);
	KUNIT_EXPECT_FALSE(test, s.secure_tcp_on);
}

/* Memory comes and goes. */
static void mode_to_and_fro(struct kunit *test)
{
	struct opvs_settings s = settings_with(1, 1, 1);
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, opvs_defence_judge(&s, 512));
		KUNIT_EXPECT_EQ(test, 2, s.drop_rate);
		KUNIT_EXPECT_EQ(test, 2, s.drop_packet);
		KUNIT_EXPECT_FALSE(test, opvs_defence_judge(&s, 4096));
		KUNIT_EXPECT_EQ(test, 0, s.drop_rate);
		KUNIT_EXPECT_EQ(test, 1, s.drop_packet);
	}
}

struct rate_case {
	const char	*name;
	int		threshold;
	int		mode;
	u64		pages;
	int		rate;
};

static const struct rate_case rate_cases[] = {
	{ "nothing left", 1024, 2, 0, 1 },
	{ "a quarter left", 1024, 2, 256, 1 },
	{ "half left", 1024, 2, 512, 2 },
	{ "three quarters left", 1024, 2, 768, 4 },
	{ "one page short", 1024, 2, 1023, 1024 },
	{ "a threshold of one page", 1, 1, 0, 1 },
	{ "the largest threshold", INT_MAX, 1, INT_MAX - 1, INT_MAX },
	{ "the largest threshold, nothing left", INT_MAX, 2, 0, 1 },
	{ "a threshold of zero is never passed", 0, 2, 0, 0 },
	{ "nor is one below zero", -1, 2, 0, 0 },
	{ "always", 1024, 3, 0, 10 },
	{ "always, with memory", 1024, 3, 5000, 10 },
};

static void rate_name(const struct rate_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rate, rate_cases, rate_name);

static void rate_by_memory(struct kunit *test)
{
	const struct rate_case *row = test->param_value;
	struct opvs_settings s = settings_with(0, row->mode, 0);

	s.amemthresh = row->threshold;
	opvs_defence_judge(&s, row->pages);
	KUNIT_EXPECT_EQ(test, row->rate, s.drop_rate);
}

/* net.ipv4.vs takes any number, as ip_vs does. */
static void rate_below_zero(struct kunit *test)
{
	struct opvs_settings s = settings_with(0, OPVS_DEFENCE_ALWAYS, 0);

	s.am_droprate = -5;
	opvs_defence_judge(&s, 5000);
	KUNIT_EXPECT_EQ(test, 1, s.drop_rate);
}

/* ---- new connections ---- */

static int count_drops(struct opvs_net *on, int arrivals)
{
	int i, drops = 0;

	/* The turn is each CPU's own. */
	local_bh_disable();
	for (i = 0; i < arrivals; i++)
		drops += opvs_defence_drops(on);
	local_bh_enable();
	return drops;
}

static void drops_exactly(struct kunit *test)
{
	struct opvs_net *on;

	on = kunit_kzalloc(test, sizeof(*on), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, on);
	on->counters = alloc_percpu(struct opvs_counters);
	KUNIT_ASSERT_TRUE(test, !!on->counters);

	KUNIT_EXPECT_EQ(test, 0, count_drops(on, 1000));
	on->settings.drop_rate = 1;
	KUNIT_EXPECT_EQ(test, 1000, count_drops(on, 1000));
	on->settings.drop_rate = 10;
	KUNIT_EXPECT_EQ(test, 0, count_drops(on, 9));
	KUNIT_EXPECT_EQ(test, 1, count_drops(on, 1));
	KUNIT_EXPECT_EQ(test, 100, count_drops(on, 1000));
	on->settings.drop_rate = 0;
	KUNIT_EXPECT_EQ(test, 0, count_drops(on, 1000));

	free_percpu(on->counters);
}

/* ---- entries ---- */

struct entry_case {
	const char			*name;
	struct opvs_defence_entry	entry;
	int				in_8;	/* of 8 lots */
};

#define TCP(name, in_state, seconds, pkts, count)			\
	{ "TCP " name, { .proto = IPPROTO_TCP,				\
	  .state = OPVS_TCP_S_##in_state, .idle = seconds,		\
	  .in_pkts = pkts }, count }
#define SCTP(name, in_state, seconds, pkts, count)			\
	{ "SCTP " name, { .proto = IPPROTO_SCTP,			\
	  .state = OPVS_SCTP_S_##in_state, .idle = seconds,		\
	  .in_pkts = pkts }, count }
#define UDP(name, seconds, pkts, count)					\
	{ "UDP " name, { .proto = IPPROTO_UDP, .idle = seconds,		\
	  .in_pkts = pkts }, count }
#define TEMPLATE(name, in_state, ops, kids, seconds, pkts, count)	\
	{ "template, " name, { .proto = IPPROTO_UDP, .template = true,	\
	  .state = OPVS_TEMPLATE_S_##in_state, .one_packet = ops,	\
	  .children = kids, .idle = seconds, .in_pkts = pkts }, count }

static const struct entry_case entry_cases[] = {
	TCP("half-open", SYN_RECV, 0, 1, 8),
	TCP("half-open, many packets", SYN_RECV, 0, 16, 8),
	TCP("unproven", SYNACK, 0, 2, 8),
	TCP("established, lively", ESTABLISHED, 0, 1, 0),
	TCP("established, one packet long ago", ESTABLISHED, 60, 1, 8),
	TCP("established, one packet not so long ago", ESTABLISHED, 59, 1, 0),
	TCP("established, two packets long ago", ESTABLISHED, 800, 2, 4),
	TCP("established, four packets long ago", ESTABLISHED, 61, 4, 2),
	TCP("established, eight packets long ago", ESTABLISHED, 60, 8, 1),
	TCP("established, nine packets long ago", ESTABLISHED, 800, 9, 0),
	TCP("established, no packet", ESTABLISHED, 800, 0, 0),
	TCP("new", NONE, 100, 1, 0),
	TCP("SYN sent", SYN_SENT, 100, 1, 0),
	TCP("closing", FIN_WAIT, 100, 1, 0),
	TCP("closed", TIME_WAIT, 100, 1, 0),
	TCP("reset", CLOSE, 100, 1, 0),
	SCTP("begun", INIT1, 0, 1, 8),
	SCTP("begun again", INIT, 0, 9, 8),
	SCTP("cookie sent", COOKIE_SENT, 100, 1, 0),
	SCTP("established, lively", ESTABLISHED, 10, 1, 0),
	SCTP("established, two packets long ago", ESTABLISHED, 60, 2, 4),
	SCTP("established, nine packets long ago", ESTABLISHED, 60, 9, 0),
	SCTP("closed", CLOSED, 60, 1, 0),
	UDP("lively", 59, 1, 0),
	UDP("one packet long ago", 60, 1, 8),
	UDP("eight packets long ago", 299, 8, 1),
	UDP("many packets long ago", 299, 9, 0),
	TEMPLATE("not assured", NONE, false, 0, 0, 0, 8),
	TEMPLATE("assured", ASSURED, false, 0, 1000, 1, 0),
	TEMPLATE("with a child", NONE, false, 1, 1000, 1, 0),
	TEMPLATE("of one packet long ago", NONE, true, 0, 60, 1, 8),
	TEMPLATE("of one packet just now", NONE, true, 0, 0, 1, 0),
	TEMPLATE("of two packets, assured", ASSURED, true, 0, 60, 2, 4),
	TEMPLATE("of many packets long ago", NONE, true, 0, 1000, 9, 0),
	TEMPLATE("of one packet, with a child", NONE, true, 1, 60, 1, 0),
	{ "no such state", { .proto = IPPROTO_TCP, .state = 200,
	  .idle = 100, .in_pkts = 1 }, 0 },
};

static void entry_name(const struct entry_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(entry, entry_cases, entry_name);

static void entry_expendable(struct kunit *test)
{
	const struct entry_case *row = test->param_value;
	int i, ended = 0;

	/* Eight numbers evenly over the whole range. */
	for (i = 0; i < 8; i++)
		ended += opvs_defence_expendable(&row->entry,
						 i * 0x20000000U + 5);
	KUNIT_EXPECT_EQ(test, row->in_8, ended);
}

static struct kunit_case defence_cases[] = {
	KUNIT_CASE_PARAM(mode_drop_entry, mode_gen_params),
	KUNIT_CASE_PARAM(mode_drop_packet, mode_gen_params),
	KUNIT_CASE_PARAM(mode_secure_tcp, mode_gen_params),
	KUNIT_CASE(mode_switched_off),
	KUNIT_CASE(mode_to_and_fro),
	KUNIT_CASE_PARAM(rate_by_memory, rate_gen_params),
	KUNIT_CASE(rate_below_zero),
	KUNIT_CASE(drops_exactly),
	KUNIT_CASE_PARAM(entry_expendable, entry_gen_params),
	{}
};

static struct kunit_suite defence_suite = {
	.name = "opvs_defence",
	.test_cases = defence_cases,
};

kunit_test_suite(defence_suite);

MODULE_DESCRIPTION("opvs: unit tests of the defences");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
