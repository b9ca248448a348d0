/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between kernels.  Nothing else knows about versions. */
#ifndef OPVS_COMPAT_H
#define OPVS_COMPAT_H

#include <linux/netdevice.h>

/* skb_gso_segment() got a header of its own in 6.5. */
#ifdef __has_include
#if __has_include("net/gso.h")
#include <net/gso.h>
#endif
#endif

#endif /* OPVS_COMPAT_H */
