// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks of the clients that asked a one-packet service in the last minutes.
 *
 * A one-packet request leaves no entry behind, and what its server sends later
 * may be an answer or something else: its answer to a health check, its own
 * question to another server.  Only an answer is to have the virtual address.
 * So each request leaves marks: a few bits, found by a hash of the service and
 * of the client's address and port, in a generation of marks.  A mark that is
 * there is only read, so a client writes once in a generation, however much it
 * asks.
 *
 * That is a Bloom filter.  Marks of others may look like one's own, and something
 * is then taken for an answer that is none; but no mark is lost before its time,
 * so an answer is always known as one.  A mark's bits lie in one word: one
 * access to memory notes or finds it.
 *
 * Every so often a new generation begins, and those that have not been written
 * for the lifetime of a mark go.  Generations know the next older one:
 *
 *	newest -> older -> NULL		seldom more: see below
 *
 * A generation is sized by what the one before it held.  If it fills up all the
 * same, a larger one begins early.  At most bits_max, for four million clients:
 * from there on ever more packets are taken for answers, as if nothing were
 * noted at all.
 */
#include <opvs/askers.h>

#include <opvs/kunit.h>

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define ASKERS_BITS_MIN		17	/* 16 KB */
#define ASKERS_BITS_MAX		26	/* 8 MB */
/* Of a namespace that a tenant may have made: it is charged to no cgroup. */
#define ASKERS_BITS_TENANT	20

/* Bits that a mark sets, and that a generation has for each mark. */
#define ASKERS_MARK		2
#define ASKERS_ROOM		16

/* Words that are counted without a break. */
#define ASKERS_STRIDE		4096

static unsigned long gen_words(const struct opvs_askers_gen *gen)
{
	return BIT(gen->bits) / BITS_PER_LONG;
}

/**
 * opvs_askers_mark() - what opvs_askers_note() does when it must write
 * @gen: the newest generation
 * @hash: of the client and the service
 *
 * Context: any, RCU read side; lock-free.
 */
void opvs_askers_mark(struct opvs_askers_gen *gen, u64 hash)
{
	atomic_long_or(BIT(hash % BITS_PER_LONG) |
		       BIT((hash >> 6) % BITS_PER_LONG),
		       &gen->word[hash >> gen->shift]);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_askers_mark);

/**
 * opvs_askers_know() - did a client ask of late?
 * @askers: of the namespace
 * @hash: of the client and the service
 *
 * Context: any, RCU read side; lock-free.
 * Return: true if it did; sometimes also if it did not, and always while
 * nothing is noted.
 */
bool opvs_askers_know(const struct opvs_askers *askers, u64 hash)
{
	const struct opvs_askers_gen *gen = rcu_dereference(askers->newest);

	if (unlikely(!gen))
		return true;
	/* One that becomes the newest meanwhile knows the others first. */
	for (; gen; gen = rcu_dereference(gen->older))
		if (opvs_askers_gen_has(gen, hash))
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_askers_know);

static struct opvs_askers_gen *gen_new(unsigned int bits, unsigned long now)
{
	struct opvs_askers_gen *gen;

	gen = kvzalloc(sizeof(*gen) + BIT(bits) / BITS_PER_BYTE,
		       GFP_KERNEL_ACCOUNT);
	if (!gen)
		return NULL;
	gen->born = now;
	gen->bits = bits;
	gen->shift = 64 - bits + ilog2(BITS_PER_LONG);
	return gen;
}

static unsigned long gen_weight(const struct opvs_askers_gen *gen)
{
	unsigned long i, weight = 0;

	for (i = 0; i < gen_words(gen); i++) {
		weight += hweight_long(atomic_long_read(&gen->word[i]));
		if (i % ASKERS_STRIDE == 0)
			cond_resched();
	}
	return weight;
}

/* Bits for as many marks as that one has, and some more. */
static unsigned int gen_bits_after(const struct opvs_askers *askers,
				   unsigned long weight)
{
	unsigned long want = weight / ASKERS_MARK * ASKERS_ROOM;

	return clamp(want ? ilog2(want) + 1 : 0, ASKERS_BITS_MIN,
		     (int)askers->bits_max);
}

/* Frees all that are older than @gen. */
static void gen_cut(struct opvs_askers_gen *gen)
{
	struct opvs_askers_gen *old, *next;

	old = rcu_dereference_protected(gen->older, true);
	RCU_INIT_POINTER(gen->older, NULL);
	for (; old; old = next) {
		next = rcu_dereference_protected(old->older, true);
		kvfree_rcu(old, rcu);
	}
}

/* A generation's last mark was written before the next one was born. */
static void forget_old(struct opvs_askers *askers, unsigned long now,
		       unsigned long lifetime)
{
	struct opvs_askers_gen *gen;

	gen = rcu_dereference_protected(askers->newest, true);
	for (; gen; gen = rcu_dereference_protected(gen->older, true)) {
		if (time_before(now, gen->born + lifetime))
			continue;
		gen_cut(gen);
		return;
	}
}

/**
 * opvs_askers_age() - begin a new generation if it is time, forget old ones
 * @askers: of a namespace
 * @now: jiffies
 * @lifetime: jiffies for which a mark must be known
 *
 * A mark is known for @lifetime at least, and not for much longer than one and
 * a half times that if this is called often.  Without memory for a new
 * generation the newest one goes on.
 *
 * Context: process, one caller at a time.
 */
void opvs_askers_age(struct opvs_askers *askers, unsigned long now,
		     unsigned long lifetime)
{
	struct opvs_askers_gen *gen, *next;
	unsigned long weight;
	unsigned int bits;
	bool full;

	gen = rcu_dereference_protected(askers->newest, true);
	if (!gen)
		return;
	weight = gen_weight(gen);
	bits = gen_bits_after(askers, weight);
	full = bits > gen->bits + 1;
	if (full || (weight && !time_before(now, gen->born + lifetime / 2))) {
		next = gen_new(full ? min(bits + 1, askers->bits_max) : bits,
			       now);
		if (next) {
			RCU_INIT_POINTER(next->older, gen);
			rcu_assign_pointer(askers->newest, next);
		}
	}
	forget_old(askers, now, lifetime);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_askers_age);

/**
 * opvs_askers_start() - note from now on the clients that ask
 * @askers: of a namespace
 * @now: jiffies
 *
 * Context: process; not beside itself, nor before opvs_askers_age() ended.
 * Return: 0, also if that is done already; -ENOMEM.
 */
int opvs_askers_start(struct opvs_askers *askers, unsigned long now)
{
	struct opvs_askers_gen *gen;

	if (rcu_access_pointer(askers->newest))
		return 0;
	gen = gen_new(ASKERS_BITS_MIN, now);
	if (!gen)
		return -ENOMEM;
	rcu_assign_pointer(askers->newest, gen);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_askers_start);

/**
 * opvs_askers_init() - no client asked yet, and nothing is noted
 * @askers: of a namespace
 * @tenant: the namespace belongs to a user who is not trusted with memory
 *
 * Context: process.
 */
void opvs_askers_init(struct opvs_askers *askers, bool tenant)
{
	get_random_bytes(&askers->key, sizeof(askers->key));
	RCU_INIT_POINTER(askers->newest, NULL);
	askers->bits_max = tenant ? ASKERS_BITS_TENANT : ASKERS_BITS_MAX;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_askers_init);

/**
 * opvs_askers_exit() - free all marks
 * @askers: of a namespace; no packet can see it any more
 *
 * Context: process.
 */
void opvs_askers_exit(struct opvs_askers *askers)
{
	struct opvs_askers_gen *gen, *next;

	gen = rcu_dereference_protected(askers->newest, true);
	RCU_INIT_POINTER(askers->newest, NULL);
	for (; gen; gen = next) {
		next = rcu_dereference_protected(gen->older, true);
		kvfree(gen);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_askers_exit);
