// SPDX-License-Identifier: GPL-2.0-only
/* The SIP engine of opvs once more, for a module of its own: opvs.ko exports it
 * to nobody.
 */
#include "../../net/pe/sip.c"
