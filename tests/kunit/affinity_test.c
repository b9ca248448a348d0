// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of stateless affinity: which server a SIP message gets when the
 * servers change, and what is remembered of it.
 */
#include "affinity_fixture.h"

#include <opvs/xmit.h>

#include "packet.h"
#include "race_fixture.h"

#define OLD_CALLS	100

/* The servers of the calls that began before a change. */
static struct opvs_dest *old[OLD_CALLS + 1];

/* Half a minute before: nothing of them is in flight any more, so that only what
 * their messages say tells them from new ones.
 */
static void begin_old_calls(struct kunit *test)
{
	u32 i;

	for (i = 1; i <= OLD_CALLS; i++) {
		old[i] = seat_of(i).owner;
		KUNIT_ASSERT_NOT_NULL(test, old[i]);
	}
	calls = OLD_CALLS;
}

static u32 old_that_moved(void)
{
	u32 i, moved = 0;

	for (i = 1; i <= OLD_CALLS; i++)
		moved += seat_of(i).moved;
	return moved;
}

static void expect_entries(struct kunit *test, int entries)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->exceptions), entries);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), entries);
}

/* All that follows an INVITE goes where it went. */
static void expect_follow(struct kunit *test, u32 call,
			  const struct opvs_dest *dest)
{
	enum message message;

	for (message = INVITE; message < MESSAGES; message++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, send(call, message), dest,
					"call %u: %s", call,
					messages[message].line);
}

/* ---- nothing changes ---- */

static void affinity_quiet(struct kunit *test)
{
	struct opvs_dest *dest;
	u32 i;

	begin(test, 5);
	for (i = 0; i < 100; i++) {
		dest = send(i, INVITE);
		KUNIT_EXPECT_PTR_EQ(test, dest, seat_of(i).owner);
		expect_follow(test, i, dest);
	}
	expect_entries(test, 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORMER), 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_EXCEPTIONS), 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORGOTTEN), 0);
}

/* ---- dialogs that are older than the change ---- */

static void affinity_old_dialogs(struct kunit *test)
{
	static const enum message in_dialog[] = {
		REINVITE, BYE, ACK, CANCEL, RINGING
	};
	u32 i, k, moved;

	begin(test, 4);
	begin_old_calls(test);
	add_server(test, 4);
	moved = old_that_moved();
	KUNIT_ASSERT_GT(test, moved, OLD_CALLS / 10);
	for (i = 1; i <= OLD_CALLS; i++)
		for (k = 0; k < ARRAY_SIZE(in_dialog); k++)
			KUNIT_EXPECT_PTR_EQ_MSG(test, send(i, in_dialog[k]),
						old[i], "call %u: %s", i,
						messages[in_dialog[k]].line);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORMER),
			moved * ARRAY_SIZE(in_dialog));
	expect_entries(test, 0);
}

/* An INVITE that was answered too late is sent again after the change. */
static void affinity_in_flight(struct kunit *test)
{
	u32 i;

	begin(test, 4);
	begin_old_calls(test);
	for (i = 1; i <= OLD_CALLS; i++)
		KUNIT_ASSERT_PTR_EQ(test, send(i, INVITE), old[i]);
	add_server(test, 4);
	KUNIT_ASSERT_GT(test, old_that_moved(), OLD_CALLS / 10);
	for (i = 1; i <= OLD_CALLS; i++)
		expect_follow(test, i, old[i]);
	expect_entries(test, 0);
}

/* Of a server of weight 0: its dialogs stay, and nothing new comes. */
static void affinity_weight_0(struct kunit *test)
{
	struct opvs_dest *gone;
	u32 i;

	begin(test, 4);
	begin_old_calls(test);
	gone = seat_of(1).owner;
	set_weight(test, gone, 0);
	for (i = 1; i <= OLD_CALLS; i++)
		KUNIT_EXPECT_PTR_EQ(test, send(i, BYE), old[i]);
	for (i = 0; i < 200; i++) {
		calls++;
		KUNIT_EXPECT_PTR_NE(test, send(calls, INVITE), gone);
	}
}

/* One that was removed cannot be sent to; whoever has its keys may know better
 * than nobody.
 */
static void affinity_removed(struct kunit *test)
{
	struct opvs_dest *gone;
	u32 i;

	begin(test, 4);
	begin_old_calls(test);
	gone = seat_of(1).owner;
	opvs_test_dest_del(test, gone);
	for (i = 1; i <= OLD_CALLS; i++)
		KUNIT_EXPECT_PTR_EQ(test, send(i, BYE),
				    old[i] == gone ? seat_of(i).owner : old[i]);
	expect_entries(test, 0);
}

static void affinity_all_weights_0(struct kunit *test)
{
	struct opvs_dest *dest;
	u32 i;

	begin(test, 3);
	begin_old_calls(test);
	list_for_each_entry(dest, &svc->dests, list)
		set_weight(test, dest, 0);
	for (i = 1; i <= OLD_CALLS; i++)
		KUNIT_EXPECT_PTR_EQ(test, send(i, BYE), old[i]);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_TRUE(test, refused(OLD_CALLS + 1, INVITE,
						OPVS_VERDICT(DROP_NO_SERVER)));
	expect_entries(test, 0);
}

/* ---- new calls ---- */

static void affinity_new_calls(struct kunit *test)
{
	u32 i, moved = 0, to_new = 0;
	struct opvs_dest *dest, *added;
	struct opvs_seat seat;

	begin(test, 15);
	added = add_server(test, 15);
	for (i = 1; i <= 1000; i++) {
		seat = seat_of(i);
		dest = send(i, INVITE);
		KUNIT_EXPECT_PTR_EQ(test, dest, seat.owner);
		moved += seat.moved;
		to_new += dest == added;
		expect_entries(test, moved);
		expect_follow(test, i, dest);
	}
	KUNIT_EXPECT_GT(test, to_new, 0);
	KUNIT_EXPECT_GE(test, moved, to_new);
	KUNIT_EXPECT_LT(test, moved, 110);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_EXCEPTIONS), moved);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_TEMPLATE_CREATED), moved);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORMER), 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORGOTTEN), 0);
}

/* What began during the draining stays when there is another change. */
static void affinity_second_change(struct kunit *test)
{
	struct opvs_dest *began[50];
	u32 i, call[50];

	begin(test, 4);
	add_server(test, 4);
	for (i = 0; i < 50; i++) {
		call[i] = next_call(i % 2);
		began[i] = send(call[i], INVITE);
	}
	opvs_test_dest_del(test, add_server(test, 5));
	add_server(test, 6);
	add_server(test, 7);
	for (i = 0; i < 50; i++)
		expect_follow(test, call[i], began[i]);
	expect_entries(test, 25);
}

/* It is not known any more when its server is removed, and begins anew. */
static void affinity_exception_removed(struct kunit *test)
{
	struct opvs_dest *added, *dest;
	u32 call;

	begin(test, 4);
	added = add_server(test, 4);
	do {
		call = next_call(true);
		dest = send(call, INVITE);
	} while (dest != added);
	opvs_test_dest_del(test, added);
	dest = send(call, BYE);
	KUNIT_EXPECT_PTR_NE(test, dest, added);
	KUNIT_EXPECT_PTR_EQ(test, dest, seat_of(call).owner);
	expect_follow(test, call, dest);
}

/* ... and if it comes back before anybody noticed, all is as it was. */
static void affinity_exception_revived(struct kunit *test)
{
	struct opvs_dest *added;
	int entries;
	u32 call;

	begin(test, 4);
	added = add_server(test, 4);
	do {
		call = next_call(true);
	} while (send(call, INVITE) != added);
	entries = atomic_read(&svc->exceptions);
	opvs_test_dest_del(test, added);
	KUNIT_EXPECT_PTR_EQ(test, add_server(test, 4), added);
	expect_follow(test, call, added);
	expect_entries(test, entries);
}

/* What was remembered for a draining is void as soon as that is cut off. */
static void affinity_cut_off(struct kunit *test)
{
	const siphash_key_t former = on->svc.hash_key;
	siphash_key_t key = former;
	struct opvs_dest *added;
	u32 call;

	begin(test, 4);
	added = add_server(test, 4);
	do {
		call = next_call(true);
	} while (send(call, INVITE) != added);

	/* As long as this is held, nobody ends it for us. */
	mutex_lock(&on->cfg_lock);
	do {
		key.key[0]++;
		KUNIT_EXPECT_EQ(test, opvs_svc_rekey(on, &key, NULL), 0);
	} while (seat_of(call).owner == added);
	expect_follow(test, call, seat_of(call).owner);
	KUNIT_EXPECT_EQ(test, opvs_svc_rekey(on, &former, NULL), 0);
	mutex_unlock(&on->cfg_lock);
}

/* ---- no room ---- */

/* Room for one exception, which is in use. */
static void begin_full(struct kunit *test, u32 count)
{
	struct opvs_svc_conf conf;

	affinity_conf(&conf);
	conf.conn_max = 1;
	begin_as(test, &conf, count);
}

static void fill_up(struct kunit *test)
{
	u32 call = next_call(true);
	struct opvs_dest *dest = send(call, INVITE);

	KUNIT_EXPECT_PTR_EQ(test, dest, seat_of(call).owner);
	KUNIT_EXPECT_PTR_EQ(test, send(call, ACK), dest);
	expect_entries(test, 1);
}

/* What cannot be remembered goes where it will be looked for. */
static void affinity_no_room(struct kunit *test)
{
	struct opvs_dest *former;
	u32 call;

	begin_full(test, 4);
	add_server(test, 4);
	fill_up(test);
	call = next_call(true);
	former = seat_of(call).former;
	expect_follow(test, call, former);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORGOTTEN), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORMER), MESSAGES - 1);
	/* Others need no room. */
	call = next_call(false);
	expect_follow(test, call, seat_of(call).owner);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORGOTTEN), 1);
	expect_entries(test, 1);
}

/* Where it will be looked for nothing new may go: better none than half. */
static void affinity_no_room_weight_0(struct kunit *test)
{
	struct opvs_dest *gone;
	u32 i, call;

	begin_full(test, 4);
	gone = seat_of(1).owner;
	set_weight(test, gone, 0);
	fill_up(test);
	do {
		call = next_call(true);
	} while (seat_of(call).former != gone);
	for (i = 1; i <= 5; i++) {
		KUNIT_EXPECT_TRUE(test, refused(call, INVITE,
						OPVS_VERDICT(DROP_LIMIT)));
		KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORGOTTEN), i);
	}
	expect_entries(test, 1);
}

/* No other server is looked for when the former owner was removed. */
static void affinity_no_room_removed(struct kunit *test)
{
	u32 call;

	begin_full(test, 4);
	opvs_test_dest_del(test, seat_of(1).owner);
	fill_up(test);
	do {
		call = next_call(true);
	} while (seat_of(call).former);
	expect_follow(test, call, seat_of(call).owner);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORGOTTEN), 1);
	expect_entries(test, 1);
}

/* ---- overload ---- */

static void set_overloaded(struct opvs_dest *dest, bool overloaded)
{
	WRITE_ONCE(dest->overloaded, overloaded);
}

/* A new call is refused, and refused again when it is tried again; those that
 * are there go on.
 */
static void affinity_overloaded(struct kunit *test)
{
	struct opvs_dest *owner;
	u32 i;

	begin(test, 4);
	calls = 1;
	owner = seat_of(1).owner;
	expect_follow(test, 1, owner);
	set_overloaded(owner, true);
	expect_follow(test, 1, owner);
	do {
		calls++;
	} while (seat_of(calls).owner != owner);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE(test, refused(calls, INVITE,
						OPVS_VERDICT(DROP_NO_SERVER)));
	KUNIT_EXPECT_PTR_EQ(test, send(calls, BYE), owner);
	set_overloaded(owner, false);
	expect_follow(test, calls, owner);
	expect_entries(test, 0);
}

/* With a fallback it goes to somebody else and stays there, whoever is
 * overloaded later.
 */
static void affinity_fallback(struct kunit *test)
{
	struct opvs_dest *owner, *other;
	struct opvs_svc_conf conf;
	u32 call;

	affinity_conf(&conf);
	conf.flags |= IP_VS_SVC_F_SCHED_SH_FALLBACK;
	begin_as(test, &conf, 4);
	call = ++calls;
	owner = seat_of(call).owner;
	set_overloaded(owner, true);
	other = send(call, INVITE);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_PTR_NE(test, other, owner);
	expect_entries(test, 1);
	set_overloaded(other, true);
	set_overloaded(owner, false);
	expect_follow(test, call, other);
	expect_entries(test, 1);
	/* The server that it would get now is of no importance. */
	set_overloaded(other, false);
	add_server(test, 4);
	expect_follow(test, call, other);
	expect_entries(test, 1);
}

/* ---- what else may lead a packet ---- */

static opvs_verdict_t quote(struct kunit *test, u32 call,
			    struct opvs_dest **dest)
{
	struct opvs_flow flow;
	opvs_verdict_t verdict;
	char text[256];
	struct sk_buff *skb;
	int len;

	len = message_text(text, sizeof(text), call, RINGING);
	skb = opvs_test_skb(test, text, len, OPVS_TEST_LINEAR, 0);
	message_flow(&flow, CLIENT, len);
	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_pick_quoted(on, svc, skb, &flow, dest);
	rcu_read_unlock();
	local_bh_enable();
	opvs_test_free_skb(test, skb);
	return verdict;
}

/* An error about a message finds its server, and changes nothing. */
static void affinity_quoted(struct kunit *test)
{
	struct opvs_dest *dest, *began;
	u32 call;

	begin(test, 4);
	add_server(test, 4);
	call = next_call(true);
	KUNIT_EXPECT_TRUE(test, quote(test, call, &dest) ==
			  OPVS_GO_ON);
	KUNIT_EXPECT_PTR_EQ(test, dest, seat_of(call).former);
	expect_entries(test, 0);
	/* It left no mark: the call is new. */
	began = send(call, INVITE);
	KUNIT_EXPECT_PTR_EQ(test, began, seat_of(call).owner);
	KUNIT_EXPECT_TRUE(test, quote(test, call, &dest) ==
			  OPVS_GO_ON);
	KUNIT_EXPECT_PTR_EQ(test, dest, began);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORMER), 0);
}

/* To is in a part of the packet that must be fetched, and the key, read before,
 * moves with the rest.
 */
static void affinity_pulled(struct kunit *test)
{
	struct opvs_choice choice;
	struct opvs_flow flow;
	struct sk_buff *skb;
	char text[256];
	u32 i, call;
	int len;

	begin(test, 4);
	add_server(test, 4);
	for (i = 0; i < 20; i++) {
		call = next_call(true);
		len = message_text(text, sizeof(text), call,
				   i % 2 ? REINVITE : INVITE);
		message_flow(&flow, CLIENT, len);
		skb = opvs_test_skb(test, text, len, OPVS_TEST_FRAGS,
				    strnstr(text, "From", len) - text);
		KUNIT_EXPECT_TRUE(test, choose_by(skb, &flow, &choice) ==
				  OPVS_GO_ON);
		opvs_test_free_skb(test, skb);
		KUNIT_EXPECT_PTR_EQ(test, choice.dest,
				    i % 2 ? seat_of(call).former :
					    seat_of(call).owner);
		expect_follow(test, call, choice.dest);
	}
	expect_entries(test, 10);
}

/* Known by its mark, whatever address a message goes to. */
static void affinity_mark(struct kunit *test)
{
	struct opvs_dest_conf dest_conf;
	struct opvs_svc_conf conf;
	u32 i, call;

	affinity_conf(&conf);
	memset(&conf.key, 0, sizeof(conf.key));
	conf.key.addr.all[0] = 7;
	conf.key.family = NFPROTO_IPV4;
	svc = opvs_test_svc_as(test, on, &conf);
	for (i = 0; i < 5; i++) {
		if (i == 4)
			settle(test);
		opvs_test_dest_conf(&dest_conf, SERVER(i), 5060);
		dest_conf.xmit = opvs_xmit_find(IP_VS_CONN_F_DROUTE);
		opvs_test_dest_as(test, svc, &dest_conf);
	}
	call = next_call(true);
	expect_follow(test, call, seat_of(call).owner);
	expect_entries(test, 1);
}

/* ---- at the same time ---- */

#define RACING	2

static struct opvs_dest *raced[RACING];

static void race_message(struct race *race, unsigned int id,
			 unsigned int round)
{
	raced[id] = send(OLD_CALLS + round, INVITE);
}

/* Both went to the same server, and so does all that follows. */
static void race_judge(struct race *race, unsigned int round)
{
	race_expect(race, !IS_ERR_OR_NULL(raced[0]) && raced[0] == raced[1]);
	race_expect(race, send(OLD_CALLS + round, BYE) == raced[0]);
}

static void affinity_race(struct kunit *test)
{
	struct race race = {
		.threads	= RACING,
		.rounds		= RACE_ROUNDS,
		.run		= race_message,
		.judge		= race_judge,
	};
	u32 i, moved = 0;

	begin(test, 4);
	add_server(test, 4);
	for (i = 0; i < race.rounds; i++)
		moved += seat_of(OLD_CALLS + i).moved;
	race_run(test, &race);
	expect_entries(test, moved);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_EXCEPTIONS), moved);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORMER), 0);
}

static struct kunit_case affinity_cases[] = {
	KUNIT_CASE(affinity_quiet),
	KUNIT_CASE(affinity_old_dialogs),
	KUNIT_CASE(affinity_in_flight),
	KUNIT_CASE(affinity_weight_0),
	KUNIT_CASE(affinity_removed),
	KUNIT_CASE(affinity_all_weights_0),
	KUNIT_CASE(affinity_new_calls),
	KUNIT_CASE(affinity_second_change),
	KUNIT_CASE(affinity_exception_removed),
	KUNIT_CASE(affinity_exception_revived),
	KUNIT_CASE(affinity_cut_off),
	KUNIT_CASE(affinity_no_room),
	KUNIT_CASE(affinity_no_room_weight_0),
	KUNIT_CASE(affinity_no_room_removed),
	KUNIT_CASE(affinity_overloaded),
	KUNIT_CASE(affinity_fallback),
	KUNIT_CASE(affinity_quoted),
	KUNIT_CASE(affinity_pulled),
	KUNIT_CASE(affinity_mark),
	KUNIT_CASE(affinity_race),
	{}
};

static struct kunit_suite affinity_suite = {
	.name = "opvs_affinity",
	.init = affinity_init,
	.exit = affinity_exit,
	.test_cases = affinity_cases,
};

kunit_test_suite(affinity_suite);

MODULE_DESCRIPTION("opvs: unit tests of stateless affinity");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
