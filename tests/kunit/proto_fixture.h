/* SPDX-License-Identifier: GPL-2.0-only */
/* State tables as text, and conversations, checked against a protocol. */
#ifndef OPVS_TEST_PROTO_FIXTURE_H
#define OPVS_TEST_PROTO_FIXTURE_H

#include <opvs/proto.h>

#include <kunit/test.h>

#include <linux/limits.h>
#include <linux/string.h>

#define FIXTURE_CODE	3	/* two characters and a blank */

/**
 * struct proto_row - what an event in a direction does to all states
 * @name: of the test case
 * @dir: direction
 * @event: event
 * @secure: with secure_tcp
 * @to: codes of the states that follow, "..": the same state
 */
struct proto_row {
	const char	*name;
	enum opvs_dir	dir;
	u8		event;
	bool		secure;
	const char	*to;
};

struct proto_step {
	enum opvs_dir	dir;
	u8		event;
	const char	*state;
};

#define PROTO_STEPS	8

/**
 * struct proto_walk - a conversation from state NONE on
 * @name: of the test case
 * @secure: with secure_tcp
 * @opening: how it begins, or NULL; up to a step without a state
 * @step: how it goes on; likewise, or to the end
 */
struct proto_walk {
	const char		*name;
	bool			secure;
	const struct proto_step	*opening;
	struct proto_step	step[PROTO_STEPS];
};

static inline u8 fixture_state(struct kunit *test, const char *codes,
			       const char *code)
{
	u8 state;

	for (state = 0; codes[FIXTURE_CODE * state]; state++) {
		if (!strncmp(&codes[FIXTURE_CODE * state], code, 2))
			return state;
		if (!codes[FIXTURE_CODE * state + 2])
			break;
	}
	KUNIT_FAIL(test, "no state %.2s in the test's own table", code);
	return 0;
}

/* @codes: the states in order, as columns of the table. */
static inline void fixture_expect_row(struct kunit *test,
				      const struct opvs_proto *proto,
				      const char *codes,
				      const struct proto_row *row)
{
	const char *code;
	u8 state, want;

	KUNIT_ASSERT_EQ(test, strlen(codes),
			proto->num_states * FIXTURE_CODE - 1);
	KUNIT_ASSERT_EQ(test, strlen(row->to), strlen(codes));
	for (state = 0; state < proto->num_states; state++) {
		code = &row->to[FIXTURE_CODE * state];
		want = state;
		if (strncmp(code, "..", 2))
			want = fixture_state(test, codes, code);
		KUNIT_EXPECT_EQ_MSG(test, want,
				    opvs_proto_next(proto, state, row->dir,
						    row->event, row->secure),
				    "from %.2s", &codes[FIXTURE_CODE * state]);
	}
}

static inline u8 fixture_expect_steps(struct kunit *test,
				      const struct opvs_proto *proto, u8 state,
				      const struct proto_step *step, int most,
				      bool secure)
{
	const char *name;
	int i;

	for (i = 0; i < most && step[i].state; i++) {
		state = opvs_proto_next(proto, state, step[i].dir,
					step[i].event, secure);
		name = opvs_proto_state_name(proto->number, state);
		KUNIT_EXPECT_STREQ_MSG(test, step[i].state, name, "step %d", i);
	}
	KUNIT_EXPECT_GT(test, i, 0);
	return state;
}

static inline void fixture_expect_walk(struct kunit *test,
				       const struct opvs_proto *proto,
				       const struct proto_walk *walk)
{
	u8 state = 0;

	if (walk->opening)
		state = fixture_expect_steps(test, proto, state, walk->opening,
					     INT_MAX, walk->secure);
	fixture_expect_steps(test, proto, state, walk->step, PROTO_STEPS,
			     walk->secure);
}

#endif /* OPVS_TEST_PROTO_FIXTURE_H */
