/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates and loads of services and servers, as rows that can be sorted. */
#ifndef OPVSADM_TOP_H
#define OPVSADM_TOP_H

#include "snap.h"

/* What rows are sorted by. */
enum top_order {
	TOP_ORDER_NAME,		/* as they were added */
	TOP_ORDER_CPS,
	TOP_ORDER_INPPS,
	TOP_ORDER_OUTPPS,
	TOP_ORDER_INBPS,
	TOP_ORDER_OUTBPS,
	TOP_ORDER_ACTIVE,
	TOP_ORDER_COUNT,
};

/**
 * struct top_row - a service or a server
 * @name: how it is written
 * @is_server: it is a server of the service above
 * @weight: of a server
 * @active: active connections and calls
 * @inactive: other connections
 * @rates: per second
 */
struct top_row {
	char			name[NAME_SIZE];
	bool			is_server;
	uint32_t		weight;
	uint64_t		active;
	uint64_t		inactive;
	struct snap_stats	rates;
};

/* All rows of one moment. */
struct top_rows {
	struct top_row	*row;
	size_t		count;
};

/* A line and the end of it. */
#define TOP_LINE	160

int top_build(struct top_rows *rows, struct snap *snap, enum top_order order);
void top_free(struct top_rows *rows);
bool top_read_order(const char *text, enum top_order *order);
const char *top_order_name(enum top_order order);
void top_head(char *line, size_t size);
void top_line(const struct top_row *row, char *line, size_t size);

int top_screen(unsigned int seconds, enum top_order order);

#endif /* OPVSADM_TOP_H */
