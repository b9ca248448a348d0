// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the search for the Call-ID in SIP messages: by the engine of opvs and
 * by the kernel's SIP helper, which ip_vs uses.
 *
 * In debugfs, folder "parser":
 *   messages	written in one go: records, each a length (u32 of this machine)
 *		and a message
 *   searches	how many make a measurement
 *   result	read: a line "NAME ns=N at=N+N..." for each of the two: what all
 *		searches took together, and for each message where its Call-ID
 *		begins and its length, 0 if none was found
 */
#include <opvs/compat.h>
#include <opvs/pe.h>

#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

/* Not self-contained, hence behind the others. */
#include <linux/netfilter/nf_conntrack_sip.h>

#define MESSAGES_MAX	256
#define ORDER_LEN	8192	/* a power of two */

struct message {
	const u8	*data;
	u32		len;
};

/* The place of a Call-ID. */
struct call_id {
	u32	at;
	u32	len;
};

typedef struct call_id (*search_fn)(const struct message *message);

static DEFINE_MUTEX(parser_lock);	/* all that follows */
static u8 *text;
static struct message messages[MESSAGES_MAX];
static u32 count;
static u16 order[ORDER_LEN];
static u32 turn;			/* in @order, of the next search */
static u32 searches = 100;
static struct dentry *folder;

static struct call_id search_opvs(const struct message *message)
{
	struct opvs_pe_key key;

	if (opvs_pe_sip.find(message->data, message->len, true, &key) !=
	    OPVS_PE_KEY)
		return (struct call_id){};
	return (struct call_id){ key.data - message->data, key.len };
}

static struct call_id search_kernel(const struct message *message)
{
	struct call_id found;

	if (ct_sip_get_header(NULL, message->data, 0, message->len,
			      SIP_HDR_CALL_ID, &found.at, &found.len) <= 0)
		return (struct call_id){};
	return found;
}

/* Interrupts are off, so that nothing else is measured: let it be short. */
static u64 time_searches(search_fn search)
{
	unsigned long flags;
	u64 start, ns;
	u32 i;

	local_irq_save(flags);
	start = ktime_get_ns();
	for (i = turn; i != turn + searches; i++)
		search(&messages[order[i % ORDER_LEN]]);
	ns = ktime_get_ns() - start;
	local_irq_restore(flags);
	return ns;
}

static void measure(struct seq_file *seq, const char *name, search_fn search)
{
	struct call_id found;
	u32 i;

	seq_printf(seq, "%s ns=%llu at=", name, time_searches(search));
	for (i = 0; i < count; i++) {
		found = search(&messages[i]);
		seq_printf(seq, "%s%u+%u", i ? "," : "", found.at, found.len);
	}
	seq_puts(seq, "\n");
}

static int result_show(struct seq_file *seq, void *unused)
{
	mutex_lock(&parser_lock);
	if (count) {
		measure(seq, "opvs", search_opvs);
		measure(seq, "kernel", search_kernel);
		turn += searches;
	}
	mutex_unlock(&parser_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

/* Without a pattern that a processor could learn, and the same in each run. */
static void make_order(void)
{
	u32 random = 1, i;

	for (i = 0; i < ORDER_LEN; i++) {
		random = random * 1664525 + 1013904223;
		order[i] = (random >> 16) * count >> 16;
	}
}

static int list_messages(const u8 *data, size_t len)
{
	u32 one;

	for (count = 0; len; count++) {
		if (len < sizeof(one) || count == MESSAGES_MAX)
			return -EINVAL;
		one = get_unaligned((const u32 *)data);
		data += sizeof(one);
		len -= sizeof(one);
		if (one > len)
			return -EINVAL;
		messages[count] = (struct message){ data, one };
		data += one;
		len -= one;
	}
	make_order();
	return 0;
}

static ssize_t messages_write(struct file *file, const char __user *from,
			      size_t len, loff_t *pos)
{
	u8 *data = vmemdup_user(from, len);
	int err;

	if (IS_ERR(data))
		return PTR_ERR(data);
	mutex_lock(&parser_lock);
	swap(text, data);
	err = list_messages(text, len);
	if (err)
		count = 0;
	mutex_unlock(&parser_lock);
	kvfree(data);
	return err ?: len;
}

static const struct file_operations messages_ops = {
	.owner	= THIS_MODULE,
	.write	= messages_write,
};

static int __init parser_init(void)
{
	folder = debugfs_create_dir("parser", NULL);
	debugfs_create_file("messages", 0200, folder, NULL, &messages_ops);
	debugfs_create_u32("searches", 0600, folder, &searches);
	debugfs_create_file("result", 0400, folder, NULL, &result_fops);
	return 0;
}

static void __exit parser_exit(void)
{
	debugfs_remove(folder);
	kvfree(text);
}

module_init(parser_init);
module_exit(parser_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("compares searches for SIP Call-IDs, for measurements");
