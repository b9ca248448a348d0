// SPDX-License-Identifier: GPL-2.0-only
/*
 * CRC-32C of a message whose rest is zeros.  Not all kernels have this.
 *
 * A CRC is a polynomial over GF(2), modulo the generator, with the coefficient
 * of x^0 in bit 31.  A zero byte behind the message multiplies it by x^8.
 */
#include <opvs/crc32c.h>

#include <opvs/kunit.h>

#include <linux/bits.h>

/* Without x^32 (RFC 9260 appendix A, bits reflected). */
#define GENERATOR	0x82f63b78

/* x^(8 * 2^i): each is the square of the one before. */
static const u32 zeros[BITS_PER_TYPE(unsigned int)] = {
	0x00800000, 0x00008000, 0x82f63b78, 0x6ea2d55c,
	0x18b8ea18, 0x510ac59a, 0xb82be955, 0xb8fdb1e7,
	0x88e56f72, 0x74c360a4, 0xe4172b16, 0x0d65762a,
	0x35d73a62, 0x28461564, 0xbf455269, 0xe2ea32dc,
	0xfe7740e6, 0xf946610b, 0x3c204f8f, 0x538586e3,
	0x59726915, 0x734d5309, 0xbc1ac763, 0x7d0722cc,
	0xd289cabe, 0xe94ca9bc, 0x05b74f3f, 0xa51e1f42,
	0x40000000, 0x20000000, 0x08000000, 0x00800000,
};

static u32 times_x(u32 a)
{
	return (a >> 1) ^ (GENERATOR & -(a & 1));
}

static u32 multiply(u32 a, u32 b)
{
	u32 product = 0;

	for (; a; a <<= 1) {
		if (a & BIT(31))
			product ^= b;
		b = times_x(b);
	}
	return product;
}

/**
 * opvs_crc32c_shift() - CRC of a message and zeros behind it
 * @crc: CRC of the message, without the inversions at begin and end
 * @len: number of zero bytes
 *
 * Context: any.
 * Return: CRC of both, likewise.
 */
u32 opvs_crc32c_shift(u32 crc, unsigned int len)
{
	const u32 *power = zeros;

	for (; len; len >>= 1, power++) {
		if (len & 1)
			crc = multiply(crc, *power);
	}
	return crc;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_crc32c_shift);
