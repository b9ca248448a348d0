/* SPDX-License-Identifier: GPL-2.0-only */
/* All numbers of opvs, as Prometheus and others collect them. */
#ifndef OPVSADM_METRICS_H
#define OPVSADM_METRICS_H

#include <stdbool.h>
#include <stdio.h>

/* Servers that are told, unless the user says how many. */
#define METRICS_SERVERS	2000

/**
 * struct metrics_options - how they are told
 * @prometheus: in the format of Prometheus 0.0.4, not as OpenMetrics 1.0
 * @servers: services and servers are told up to so many; others are counted
 */
struct metrics_options {
	bool		prometheus;
	unsigned int	servers;
};

int metrics_write(FILE *file, const struct metrics_options *options);
int metrics_serve(const char *address, const struct metrics_options *options);

#endif /* OPVSADM_METRICS_H */
