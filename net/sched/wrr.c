// SPDX-License-Identifier: GPL-2.0-only
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/sort.h>

/**
 * DOC: weighted round robin
 *
 * A round has as many turns as the weights add up to.  In each round every
 * server has exactly its weight of turns, spread as evenly as can be.  All that
 * a CPU remembers is the number of its turn; whose turn that is follows from
 * the number alone, so that nothing is locked and a round may have billions of
 * turns.
 *
 * The servers are the leaves of a Huffman tree over their weights.  An inner
 * node divides its turns 0 .. total - 1 between two sides, as evenly as a
 * straight line is drawn on a grid: of its first t turns, t * left / total,
 * rounded to the nearest, go left.  So the number of a node's turn tells
 * which side has the turn, and how many the side had before, which is the
 * number of its own turn; and so on down to a server.
 *
 * In a whole round of a node each side has exactly its total, and the turns of
 * a side have consecutive numbers, so exactness passes down the tree: as many
 * consecutive turns as a round has, from wherever, serve every server exactly
 * its weight.  As only proportions matter, weights with a common divisor make
 * so many equal rounds of what is left of them.
 *
 * From a round's start to anywhere in it, each level is off by half a turn at
 * most, and what is off above a server reaches it in proportion to its share
 * there.  Up a Huffman tree, totals grow at least like Fibonacci numbers, so
 * that no server is ever off by more than 1.7 turns.
 *
 * The tree also makes the mean depth of a pick the least.
 */

/* Tries in sequence before any available server will do.  Turns are passed on
 * by unavailable servers, so the others keep their proportions.
 */
#define WRR_TRIES	64

/* An inner node; a side below the number of members is one, else a node. */
struct wrr_node {
	u32	total;
	u32	total_left;
	u32	left;
	u32	right;
};

/* A member or inner node that has no parent yet. */
struct wrr_tree {
	u32	total;
	u32	side;
};

/**
 * struct wrr - the tree of a view
 * @round: turns in a round
 * @root: side that has all of them
 * @node: inner nodes, one less than members, by rising total; behind them and
 *	one more, while the tree is built, the members by rising weight
 */
struct wrr {
	u32		round;
	u32		root;
	struct wrr_node	node[];
};

/**
 * struct wrr_forest - trees that are not one tree yet
 * @leaf: members, by rising weight
 * @node: inner nodes, made by rising total
 * @count: length of @leaf
 * @leaves: how many of @leaf have a parent
 * @parents: how many of @node have one
 * @nodes: length of @node
 */
struct wrr_forest {
	struct wrr_tree	*leaf;
	struct wrr_node	*node;
	u32		count;
	u32		leaves;
	u32		parents;
	u32		nodes;
};

static ssize_t wrr_priv_size(const struct opvs_view *view,
			     const struct opvs_view *prev,
			     struct netlink_ext_ack *extack)
{
	struct wrr *wrr;

	return struct_size(wrr, node, view->count) +
	       array_size(view->count, sizeof(struct wrr_tree));
}

/* Weights are halved until a round can be counted in 32 bits, which takes more
 * than 65536 servers, or weights that ipvsadm does not let pass.  A round of
 * four billion turns hardly comes to its end.
 */
static u32 wrr_weight(const struct opvs_view *view, u32 member, u32 halved)
{
	return max_t(u32, view->member[member].weight >> halved, 1);
}

static u32 wrr_halvings(const struct opvs_view *view)
{
	u32 i, halved = 0;
	u64 sum;

	for (;; halved++) {
		for (i = 0, sum = 0; i < view->count; i++)
			sum += wrr_weight(view, i, halved);
		if (sum <= U32_MAX)
			return halved;
	}
}

static int wrr_cmp(const void *a, const void *b)
{
	const struct wrr_tree *x = a, *y = b;

	if (x->total != y->total)
		return x->total < y->total ? -1 : 1;
	return x->side < y->side ? -1 : 1;
}

static void wrr_leaves(const struct opvs_view *view,
		       struct wrr_tree *leaf)
{
	u32 i, halved = wrr_halvings(view);

	for (i = 0; i < view->count; i++) {
		leaf[i].total = wrr_weight(view, i, halved);
		leaf[i].side = i;
	}
	sort(leaf, view->count, sizeof(*leaf), wrr_cmp, NULL);
}

static struct wrr_tree wrr_lightest(struct wrr_forest *f)
{
	struct wrr_tree tree;

	if (f->leaves < f->count &&
	    (f->parents == f->nodes ||
	     f->leaf[f->leaves].total <= f->node[f->parents].total))
		return f->leaf[f->leaves++];

	tree.total = f->node[f->parents].total;
	tree.side = f->count + f->parents++;
	return tree;
}

static void wrr_build(struct opvs_view *view,
		      const struct opvs_view *prev)
{
	struct wrr *wrr = view->priv;
	struct wrr_forest f = {
		.leaf	= (struct wrr_tree *)&wrr->node[view->count],
		.node	= wrr->node,
		.count	= view->count,
	};
	struct wrr_tree light, heavy;

	if (!view->count)
		return;

	wrr_leaves(view, f.leaf);
	while (f.nodes < f.count - 1) {
		light = wrr_lightest(&f);
		heavy = wrr_lightest(&f);
		f.node[f.nodes++] = (struct wrr_node) {
			.total		= light.total + heavy.total,
			.total_left	= heavy.total,
			.left		= heavy.side,
			.right		= light.side,
		};
	}
	heavy = wrr_lightest(&f);
	wrr->round = heavy.total;
	wrr->root = heavy.side;
}

/* Walks down to the member whose turn it is. */
static u32 wrr_member(const struct wrr *wrr, u32 count, u32 turn)
{
	const struct wrr_node *node;
	u32 before, rest, side;

	for (side = wrr->root; side >= count; ) {
		node = &wrr->node[side - count];
		before = div_u64_rem((u64)turn * node->total_left +
				     node->total / 2, node->total, &rest);
		if ((u64)rest + node->total_left >= node->total) {
			side = node->left;
			turn = before;
		} else {
			side = node->right;
			turn -= before;
		}
	}
	return side;
}

static struct opvs_dest *wrr_pick(const struct opvs_view *view,
				  const struct opvs_sched_req *req)
{
	const struct wrr *wrr = view->priv;
	struct opvs_dest *dest;
	u32 try, turn = 0;

	if (!view->count)
		return NULL;
	for (try = 0; try < WRR_TRIES; try++) {
		turn = opvs_sched_step(view, wrr->round);
		dest = view->member[wrr_member(wrr, view->count, turn)].dest;
		if (opvs_dest_available(dest))
			return dest;
	}
	return opvs_sched_scan(view, turn % view->count);
}

const struct opvs_sched_ops opvs_sched_wrr = {
	.name		= "wrr",
	.why		= OPVS_WHY_TURN,
	.spreads	= true,
	.priv_size	= wrr_priv_size,
	.build		= wrr_build,
	.pick		= wrr_pick,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_wrr);
