/* SPDX-License-Identifier: GPL-2.0-only */
/* What a change in the middle of a message does to its CRC-32C. */
#ifndef OPVS_CRC32C_H
#define OPVS_CRC32C_H

#include <linux/types.h>

u32 opvs_crc32c_shift(u32 crc, unsigned int len);

#endif /* OPVS_CRC32C_H */
