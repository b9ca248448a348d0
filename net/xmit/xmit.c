// SPDX-License-Identifier: GPL-2.0-only
/* The transmit methods that there are. */
#include <opvs/xmit.h>

#include <opvs/kunit.h>

#include <linux/ip_vs.h>
#include <linux/kernel.h>

const struct opvs_xmit_ops *const
opvs_xmit_methods[IP_VS_CONN_F_FWD_MASK + 1] = {
	[IP_VS_CONN_F_MASQ]	= &opvs_xmit_nat,
	[IP_VS_CONN_F_TUNNEL]	= &opvs_xmit_tunnel,
	[IP_VS_CONN_F_DROUTE]	= &opvs_xmit_dr,
	[IP_VS_CONN_F_BYPASS]	= &opvs_xmit_bypass,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_xmit_methods);

/**
 * opvs_xmit_find() - look up a transmit method that a server can have
 * @method: IP_VS_CONN_F_* forwarding method
 *
 * Context: any.
 * Return: its ops, or NULL when it is not supported.
 */
const struct opvs_xmit_ops *opvs_xmit_find(u32 method)
{
	/* Bypassing is no server's method: net/svc/bypass.c. */
	if (method == IP_VS_CONN_F_BYPASS ||
	    method >= ARRAY_SIZE(opvs_xmit_methods))
		return NULL;
	return opvs_xmit_methods[method];
}
EXPORT_SYMBOL_IF_KUNIT(opvs_xmit_find);
