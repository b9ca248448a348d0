// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of rate estimation, with the time given by the test. */
#include <opvs/stats.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/time64.h>

#define EST_STEP_NS	(OPVS_EST_PERIOD_MS * NSEC_PER_MSEC)
/* (3/4)^40 is a hundred-thousandth. */
#define EST_SETTLED	40
#define EST_START_NS	(1000 * NSEC_PER_SEC)

/**
 * struct est_case - a constant load
 * @name: as the report shows it
 * @cps: connections a second, and all others in proportion
 * @step_ns: the estimator's steps, one after the other, in turns
 */
struct est_case {
	const char	*name;
	u32		cps;
	u64		step_ns[3];
};

#define EVEN	{ EST_STEP_NS, EST_STEP_NS, EST_STEP_NS }
#define ODD	{ 2013 * NSEC_PER_MSEC, 1500 * NSEC_PER_MSEC, \
		  7001 * NSEC_PER_MSEC }

static const struct est_case est_cases[] = {
	{ "one a second", 1, EVEN },
	{ "ten a second", 10, EVEN },
	{ "999 a second", 999, EVEN },
	{ "a million a second", 1000000, EVEN },
	{ "4 000 million a second", 4000000000, EVEN },
	{ "a thousand a second, odd steps", 1000, ODD },
	{ "a million a second, odd steps", 1000000, ODD },
};

static void est_case_name(const struct est_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(est, est_cases, est_case_name);

/* Rates that differ, so that none can be taken for another. */
static struct opvs_rates est_load(u64 cps)
{
	return (struct opvs_rates){
		.cps = cps,
		.inpps = 2 * cps,
		.outpps = 3 * cps,
		.inbps = 500 * cps,
		.outbps = 700 * cps,
	};
}

/* What a load has brought about after some time. */
static struct opvs_totals est_totals(const struct opvs_rates *load, u64 ns)
{
	return (struct opvs_totals){
		.conns = mul_u64_u64_div_u64(load->cps, ns, NSEC_PER_SEC),
		.inpkts = mul_u64_u64_div_u64(load->inpps, ns, NSEC_PER_SEC),
		.outpkts = mul_u64_u64_div_u64(load->outpps, ns, NSEC_PER_SEC),
		.inbytes = mul_u64_u64_div_u64(load->inbps, ns, NSEC_PER_SEC),
		.outbytes = mul_u64_u64_div_u64(load->outbps, ns,
						NSEC_PER_SEC),
	};
}

/* Runs the estimator under a load and returns how long. */
static u64 est_run(struct opvs_est *est, const struct est_case *row, int steps)
{
	struct opvs_rates load = est_load(row->cps);
	struct opvs_totals now = {};
	u64 ns = 0;
	int i;

	opvs_est_update(est, &now, EST_START_NS);
	for (i = 0; i < steps; i++) {
		ns += row->step_ns[i % ARRAY_SIZE(row->step_ns)];
		now = est_totals(&load, ns);
		opvs_est_update(est, &now, EST_START_NS + ns);
	}
	return ns;
}

static void est_near(struct kunit *test, u64 rate, u64 want)
{
	u64 tolerance = want / 100;

	KUNIT_EXPECT_GE(test, rate, want - tolerance);
	KUNIT_EXPECT_LE(test, rate, want + tolerance);
}

static void est_converges(struct kunit *test)
{
	const struct est_case *row = test->param_value;
	struct opvs_rates load = est_load(row->cps), rates;
	struct opvs_est est = {};

	est_run(&est, row, EST_SETTLED);
	opvs_est_read(&est, &rates);
	est_near(test, rates.cps, load.cps);
	est_near(test, rates.inpps, load.inpps);
	est_near(test, rates.outpps, load.outpps);
	est_near(test, rates.inbps, load.inbps);
	est_near(test, rates.outbps, load.outbps);
}

/* From below, one quarter of the rest with each step. */
static void est_weight(struct kunit *test)
{
	static const u16 after[] = { 250, 438, 578, 684, 763 };
	const struct est_case row = { .cps = 1000, .step_ns = EVEN };
	struct opvs_rates rates;
	int i;

	for (i = 0; i < ARRAY_SIZE(after); i++) {
		struct opvs_est est = {};

		est_run(&est, &row, i + 1);
		opvs_est_read(&est, &rates);
		KUNIT_EXPECT_EQ(test, rates.cps, after[i]);
	}
}

static bool est_is_zero(const struct opvs_rates *rates)
{
	return !rates->cps && !rates->inpps && !rates->outpps &&
	       !rates->inbps && !rates->outbps;
}

static void est_decays(struct kunit *test)
{
	const struct est_case *row = test->param_value;
	struct opvs_rates load = est_load(row->cps), rates, before;
	struct opvs_est est = {};
	struct opvs_totals end;
	u64 ns = est_run(&est, row, EST_SETTLED);
	int i;

	end = est_totals(&load, ns);
	opvs_est_read(&est, &before);
	KUNIT_EXPECT_FALSE(test, est_is_zero(&before));
	/* 2^42 bytes a second and ten fraction bits are gone after that. */
	for (i = 0; i < 160; i++) {
		ns += row->step_ns[i % ARRAY_SIZE(row->step_ns)];
		opvs_est_update(&est, &end, EST_START_NS + ns);
		opvs_est_read(&est, &rates);
		KUNIT_EXPECT_LE(test, rates.cps, before.cps);
		KUNIT_EXPECT_LE(test, rates.outbps, before.outbps);
		before = rates;
	}
	KUNIT_EXPECT_TRUE(test, est_is_zero(&rates));
	KUNIT_EXPECT_NULL(test, memchr_inv(&est.rate, 0, sizeof(est.rate)));
}

/* What was counted before is no rate. */
static void est_first_sample(struct kunit *test)
{
	const struct opvs_totals old = {
		.conns = 1000000, .inpkts = 1000000, .outpkts = 1000000,
		.inbytes = U64_MAX / 2, .outbytes = U64_MAX / 2,
	};
	struct opvs_est est = {};
	struct opvs_totals now = old;
	struct opvs_rates rates;

	opvs_est_update(&est, &now, EST_START_NS);
	opvs_est_read(&est, &rates);
	KUNIT_EXPECT_TRUE(test, est_is_zero(&rates));

	now.conns += 4000;
	opvs_est_update(&est, &now, EST_START_NS + EST_STEP_NS);
	opvs_est_read(&est, &rates);
	KUNIT_EXPECT_EQ(test, rates.cps, 500);
	KUNIT_EXPECT_EQ(test, rates.inpps, 0);
}

/* Two samples of the same moment must not divide by zero. */
static void est_no_time(struct kunit *test)
{
	struct opvs_totals now = {};
	struct opvs_rates rates;
	struct opvs_est est = {};

	opvs_est_update(&est, &now, EST_START_NS);
	now.conns = 1000;
	opvs_est_update(&est, &now, EST_START_NS);
	opvs_est_read(&est, &rates);
	KUNIT_EXPECT_EQ(test, rates.cps, 0);
}

/* Counters wrap; a difference does not. */
static void est_counter_wrap(struct kunit *test)
{
	struct opvs_totals now = { .inbytes = U64_MAX - 999 };
	struct opvs_rates rates;
	struct opvs_est est = {};

	opvs_est_update(&est, &now, EST_START_NS);
	now.inbytes += 8000;
	opvs_est_update(&est, &now, EST_START_NS + EST_STEP_NS);
	opvs_est_read(&est, &rates);
	KUNIT_EXPECT_EQ(test, rates.inbps, 1000);
}

static struct kunit_case est_test_cases[] = {
	KUNIT_CASE_PARAM(est_converges, est_gen_params),
	KUNIT_CASE_PARAM(est_decays, est_gen_params),
	KUNIT_CASE(est_weight),
	KUNIT_CASE(est_first_sample),
	KUNIT_CASE(est_no_time),
	KUNIT_CASE(est_counter_wrap),
	{}
};

static struct kunit_suite est_suite = {
	.name = "opvs_est",
	.test_cases = est_test_cases,
};

kunit_test_suite(est_suite);

MODULE_DESCRIPTION("opvs: unit tests of rate estimation");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
