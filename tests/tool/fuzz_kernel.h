/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands in place of libraries and of what would leave the process. */
#ifndef OPVS_TEST_FUZZ_KERNEL_H
#define OPVS_TEST_FUZZ_KERNEL_H

#include "rules.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include <netlink/netlink.h>

int __wrap_genl_connect(struct nl_sock *sock);
int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name);
int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sock, const char *family,
				 const char *group);
int __wrap_nl_connect(struct nl_sock *sock, int protocol);
int __wrap_nl_recv(struct nl_sock *sock, struct sockaddr_nl *from,
		   unsigned char **buffer, struct ucred **credentials);
int __wrap_nl_socket_add_membership(struct nl_sock *sock, int group);
int __wrap_nl_send_auto(struct nl_sock *sock, struct nl_msg *msg);
int __wrap_nl_sendto(struct nl_sock *sock, void *data, size_t size);
int __wrap_nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb);
int __real_nl_recvmsgs(struct nl_sock *sock, struct nl_cb *cb);
int __wrap_nl_recvmsgs_default(struct nl_sock *sock);
int __wrap_getaddrinfo(const char *node, const char *service,
		       const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
		       socklen_t host_len, char *service, socklen_t service_len,
		       int flags);
FILE *__wrap_popen(const char *command, const char *mode);
int __wrap_pclose(FILE *file);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_rules_lock(void);
int __wrap_rules_try(const struct rules *rules, const char *name);
int __wrap_setting_write(const struct setting *setting);
unsigned int __wrap_sleep(unsigned int seconds);
int __wrap_socket(int domain, int type, int protocol);

#endif /* OPVS_TEST_FUZZ_KERNEL_H */
