/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket options of ip_vs. */
#ifndef OPVS_CTL_SOCKOPT_H
#define OPVS_CTL_SOCKOPT_H

#include <linux/compiler_types.h>
#include <linux/ip_vs.h>
#include <linux/sockptr.h>

struct opvs_dest;
struct opvs_net;
struct opvs_svc;
struct opvs_svc_key;

bool opvs_sockopt_key(u16 protocol, __be32 addr, __be16 port, u32 mark,
		      struct opvs_svc_key *key);

int opvs_sockopt_set(struct opvs_net *on, int name, sockptr_t from,
		     unsigned int len);
int opvs_sockopt_get(struct opvs_net *on, int name, void __user *to, int *len);

void opvs_sockopt_fill_svc(struct ip_vs_service_entry *entry,
			   const struct opvs_svc *svc);
void opvs_sockopt_fill_dest(struct ip_vs_dest_entry *entry,
			    const struct opvs_dest *dest);

int opvs_sockopt_init(void);
void opvs_sockopt_exit(void);

#endif /* OPVS_CTL_SOCKOPT_H */
