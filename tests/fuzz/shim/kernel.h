/* SPDX-License-Identifier: GPL-2.0-only */
/* What the engines use of the kernel, for user space.  Included by force before
 * each file; <linux/types.h>, <linux/in.h>, <linux/string.h> and
 * <asm/byteorder.h> are those that the C library's headers bring along.
 */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include <endian.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

#define u8		__u8
#define u16		__u16
#define u32		__u32
#define u64		__u64
#define le16_to_cpu	le16toh
#define le64_to_cpu	le64toh
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#endif /* SHIM_KERNEL_H */
