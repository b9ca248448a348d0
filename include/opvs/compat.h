/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between kernels.  Nothing else knows about versions. */
#ifndef OPVS_COMPAT_H
#define OPVS_COMPAT_H

#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/sysctl.h>
#include <linux/timer.h>
#include <net/net_namespace.h>

/* Packets of one CPU must not come between each other while BH is disabled; there
 * they do, since 6.18.
 */
#ifdef CONFIG_PREEMPT_RT
#error "opvs does not support CONFIG_PREEMPT_RT: use a kernel without it"
#endif

/* skb_gso_segment() and its like got a header of their own in 6.5. */
#if __has_include("net/gso.h")
#include <net/gso.h>
#endif

/* hex2bin() and hex_asc_lo() since 6.4; 7.3 has them only there. */
#if __has_include("linux/hex.h")
#include <linux/hex.h>
#endif

/* One header for all machines since 6.12. */
#if __has_include("linux/unaligned.h")
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* What handlers of sysctls are given: const since 6.11. */
#define OPVS_SYSCTL_WRITABLE						\
	__builtin_types_compatible_p(typeof(proc_dointvec),		\
				     int(struct ctl_table *, int,	\
					 void *, size_t *, loff_t *))
#define opvs_ctl_table							\
	typeof(*__builtin_choose_expr(OPVS_SYSCTL_WRITABLE,		\
				      (struct ctl_table *)NULL,		\
				      (const struct ctl_table *)NULL))

/* What pre_doit() of a generic netlink family is told of a command: since 6.2 one
 * of its two halves.  For files that include <net/genetlink.h>.
 */
struct genl_ops;
struct genl_split_ops;
#define OPVS_GENL_WHOLE_OPS						\
	__builtin_types_compatible_p(					\
		typeof(((struct genl_family *)NULL)->pre_doit),		\
		int (*)(const struct genl_ops *, struct sk_buff *,	\
			struct genl_info *))
#define opvs_genl_op							\
	typeof(*__builtin_choose_expr(OPVS_GENL_WHOLE_OPS,		\
				      (struct genl_ops *)NULL,		\
				      (struct genl_split_ops *)NULL))

/* 6.6 made this one a macro around a function that is told the size. */
#ifndef register_net_sysctl
static inline struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       struct ctl_table *table, size_t size)
{
	return register_net_sysctl(net, path, table);
}
#endif

/* Since 6.17 a device may forward IPv6 where the namespace does not; Kbuild looks for
 * the field.  For files that include <net/addrconf.h>; RCU read side.
 */
#ifdef OPVS_IPV6_FORCED
#define opvs_ipv6_forced(dev) ({					\
	const struct inet6_dev *__idev = __in6_dev_get(dev);		\
									\
	__idev && READ_ONCE(__idev->cnf.force_forwarding);		\
})
#else
#define opvs_ipv6_forced(dev)	((void)(dev), false)
#endif

/* A hook may free what it drops and say why.  Older kernels, also the first of
 * 6.1, do not take the error for a local sender from the verdict then; Kbuild looks
 * for the helper.  For files that include <linux/netfilter.h>.
 */
#ifdef OPVS_NF_DROP_REASON
#define opvs_nf_drop(skb, reason)	NF_DROP_REASON(skb, reason, EPERM)
#else
#define opvs_nf_drop(skb, reason)	((void)(skb), (void)(reason), NF_DROP)
#endif

/* Lazy callbacks, since 6.2 where they are configured, wait for others up to ten
 * seconds; then there is a way to be called as soon as it is safe.  What waits by
 * synchronize_rcu(), rcu_barrier() or queue_rcu_work() is not lazy.
 */
#ifdef CONFIG_RCU_LAZY
#define opvs_call_rcu	call_rcu_hurry
#else
#define opvs_call_rcu	call_rcu
#endif

/* An expectation of netfilter's tracker has a time in place of a timer in newer kernels,
 * and in later releases of older ones.
 */
static inline void opvs_end_in(void *end, bool is_time, unsigned long delay)
{
	if (is_time)
		*(u32 *)end = jiffies + delay;
	else
		((struct timer_list *)end)->expires = jiffies + delay;
}

#define opvs_ct_expect_in(exp, delay) ({				\
	typeof(exp) __exp = (exp);					\
									\
	opvs_end_in(&__exp->timeout,					\
		    __builtin_types_compatible_p(typeof(__exp->timeout), u32), \
		    delay);						\
})

#endif /* OPVS_COMPAT_H */
