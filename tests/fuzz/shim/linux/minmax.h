/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#define min_t(type, a, b) ({		\
	type min_a = (a);		\
	type min_b = (b);		\
					\
	min_a < min_b ? min_a : min_b;	\
})

#endif /* SHIM_LINUX_MINMAX_H */
