/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Netlink interface of opvs.
 *
 * Generic netlink family "opvs", version 1.  It has the commands and attributes
 * of family "IPVS" under the same numbers (IPVS_CMD_*, IPVS_*_ATTR_*,
 * <linux/ip_vs.h>), and own ones that are numbered from 64 on:
 *
 * message
 *  |- IPVS_CMD_ATTR_SERVICE (1) nest
 *  |   |- IPVS_SVC_ATTR_AF u16, PROTOCOL u16, ADDR (up to 16 bytes), PORT be16
 *  |   |- FWMARK u32
 *  |   |- SCHED_NAME string, PE_NAME string
 *  |   |- FLAGS { u32 flags, u32 mask }, TIMEOUT u32, NETMASK be32
 *  |   `- STATS nest, STATS64 nest (replies only)
 *  |- IPVS_CMD_ATTR_DEST (2) nest
 *  |   |- IPVS_DEST_ATTR_ADDR (up to 16 bytes), PORT be16, ADDR_FAMILY u16
 *  |   |- FWD_METHOD u32, WEIGHT u32, U_THRESH u32, L_THRESH u32
 *  |   |- TUN_TYPE u8, TUN_PORT be16, TUN_FLAGS u16
 *  |   |- ACTIVE_CONNS u32, INACT_CONNS u32, PERSIST_CONNS u32 (replies only)
 *  |   `- STATS nest, STATS64 nest (replies only)
 *  |- IPVS_CMD_ATTR_DAEMON (3) nest
 *  |- IPVS_CMD_ATTR_TIMEOUT_TCP (4), _TCP_FIN (5), _UDP (6) u32, seconds
 *  `- OPVS_CMD_ATTR_COUNTERS (64) nest (replies only)
 *      `- OPVS_COUNTERS_ATTR_COUNTER nest, one for each counter
 *          |- OPVS_COUNTER_ATTR_NAME string
 *          `- OPVS_COUNTER_ATTR_VALUE u64
 *
 * The reply to IPVS_CMD_GET_INFO carries IPVS_INFO_ATTR_* instead of these.
 *
 * Family "IPVS" is as lenient as its old clients need it.  This one is strict:
 * an unknown attribute, an integer of another size and a nest without
 * NLA_F_NESTED are refused.  Every command needs CAP_NET_ADMIN in the user
 * namespace that owns the network namespace.
 */
#ifndef _UAPI_LINUX_OPVS_H
#define _UAPI_LINUX_OPVS_H

#define OPVS_GENL_NAME		"opvs"
#define OPVS_GENL_VERSION	1

enum opvs_cmd {
	/* Values of all event counters; answered under the same number. */
	OPVS_CMD_GET_COUNTERS = 64,
};

enum opvs_cmd_attr {
	OPVS_CMD_ATTR_COUNTERS = 64,
};

enum opvs_counters_attr {
	OPVS_COUNTERS_ATTR_UNSPEC,
	OPVS_COUNTERS_ATTR_COUNTER,
};

enum opvs_counter_attr {
	OPVS_COUNTER_ATTR_UNSPEC,
	OPVS_COUNTER_ATTR_NAME,
	OPVS_COUNTER_ATTR_VALUE,
	OPVS_COUNTER_ATTR_PAD,
};

#endif /* _UAPI_LINUX_OPVS_H */
