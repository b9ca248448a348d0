/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes to a datagram that a SIP parser may stumble over. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

u64 fuzz_random(u64 *state);
size_t fuzz_mutate(u8 *data, size_t len, size_t max, u64 *state);

#endif /* FUZZ_MUTATE_H */
