// SPDX-License-Identifier: GPL-2.0-only
/* Rates and loads of services and servers, as rows that can be sorted. */
#include "top.h"

#include "adm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const orders[TOP_ORDER_COUNT] = {
	[TOP_ORDER_NAME]	= "name",
	[TOP_ORDER_CPS]		= "conns",
	[TOP_ORDER_INPPS]	= "inpkts",
	[TOP_ORDER_OUTPPS]	= "outpkts",
	[TOP_ORDER_INBPS]	= "inbytes",
	[TOP_ORDER_OUTBPS]	= "outbytes",
	[TOP_ORDER_ACTIVE]	= "active",
};

/**
 * top_read_order() - reads by what rows are to be sorted
 * @text: its name
 * @order: what it means
 *
 * Return: whether it is one.
 */
bool top_read_order(const char *text, enum top_order *order)
{
	size_t i;

	for (i = 0; i < TOP_ORDER_COUNT; i++) {
		if (strcmp(orders[i], text) == 0) {
			*order = i;
			return true;
		}
	}
	return false;
}

/**
 * top_order_name() - by what rows are sorted, in a word
 * @order: it
 *
 * Return: the word.
 */
const char *top_order_name(enum top_order order)
{
	return orders[order];
}

static uint64_t service_active(const struct snap_service *service)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < service->count; i++)
		sum += service->dests[i].active;
	return sum;
}

static uint64_t key_of(const struct snap_stats *stats, uint64_t active,
		       enum top_order order)
{
	switch (order) {
	case TOP_ORDER_CPS:
		return stats->cps;
	case TOP_ORDER_INPPS:
		return stats->inpps;
	case TOP_ORDER_OUTPPS:
		return stats->outpps;
	case TOP_ORDER_INBPS:
		return stats->inbps;
	case TOP_ORDER_OUTBPS:
		return stats->outbps;
	case TOP_ORDER_ACTIVE:
		return active;
	default:
		return 0;
	}
}

/* Where something stands, by its key; what is equal stays as it was. */
struct place {
	uint64_t	key;
	size_t		index;
};

static int compare(const void *a, const void *b)
{
	const struct place *one = a, *other = b;

	if (one->key != other->key)
		return one->key > other->key ? -1 : 1;
	return one->index < other->index ? -1 : 1;
}

static void fill_dests(struct top_rows *rows, const struct snap_service *service,
		       struct place *places, enum top_order order)
{
	size_t i;

	for (i = 0; i < service->count; i++) {
		places[i].key = key_of(&service->dests[i].stats,
				       service->dests[i].active, order);
		places[i].index = i;
	}
	qsort(places, service->count, sizeof(*places), compare);
	for (i = 0; i < service->count; i++) {
		const struct snap_dest *dest = &service->dests[places[i].index];
		struct top_row *row = &rows->row[rows->count++];

		row->is_server = true;
		row->weight = dest->weight;
		row->active = dest->active;
		row->inactive = dest->inactive;
		row->rates = dest->stats;
		name_endpoint(&dest->addr, dest->port, row->name,
			      sizeof(row->name));
	}
}

static void fill_service(struct top_rows *rows,
			 const struct snap_service *service)
{
	struct top_row *row = &rows->row[rows->count++];
	size_t i;

	name_service_text(&service->name, row->name, sizeof(row->name));
	row->active = service_active(service);
	for (i = 0; i < service->count; i++)
		row->inactive += service->dests[i].inactive;
	row->rates = service->stats;
}

/**
 * top_build() - makes rows: services, and behind each its servers
 * @rows: what is made; to be freed by top_free()
 * @snap: services and servers
 * @order: what services, and servers of one, are sorted by
 *
 * Return: 0, or -1 for lack of memory.
 */
int top_build(struct top_rows *rows, struct snap *snap, enum top_order order)
{
	struct place *services, *dests;
	size_t i, total = snap->count, most = 1;

	for (i = 0; i < snap->count; i++) {
		total += snap->services[i].count;
		if (snap->services[i].count > most)
			most = snap->services[i].count;
	}
	rows->count = 0;
	rows->row = calloc(total + 1, sizeof(*rows->row));
	services = calloc(snap->count + 1, sizeof(*services));
	dests = calloc(most, sizeof(*dests));
	if (rows->row && services && dests) {
		for (i = 0; i < snap->count; i++) {
			services[i].index = i;
			services[i].key = key_of(&snap->services[i].stats,
						 service_active(&snap->services[i]),
						 order);
		}
		qsort(services, snap->count, sizeof(*services), compare);
		for (i = 0; i < snap->count; i++) {
			const struct snap_service *service =
				&snap->services[services[i].index];

			fill_service(rows, service);
			fill_dests(rows, service, dests, order);
		}
	}
	free(services);
	free(dests);
	return rows->count == total ? 0 : -1;
}

/**
 * top_free() - frees rows
 * @rows: they
 */
void top_free(struct top_rows *rows)
{
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}

/* At most five characters: 99999, 9999k. */
static void shorten(uint64_t value, char *text, size_t size)
{
	static const char units[] = "kMGTPE";
	int unit = -1;

	while (value > (unit < 0 ? 99999 : 9999) && unit < 5) {
		value /= 1000;
		unit++;
	}
	if (unit < 0)
		snprintf(text, size, "%ju", (uintmax_t)value);
	else
		snprintf(text, size, "%ju%c", (uintmax_t)value, units[unit]);
}

/**
 * top_head() - writes what stands above rows
 * @line: where it goes
 * @size: how much of it there is
 */
void top_head(char *line, size_t size)
{
	snprintf(line, size, "%-32s %6s %6s %6s %6s %6s %6s %6s %6s",
		 "SERVICE, SERVER", "WEIGHT", "CONN/s", "INP/s", "OUTP/s",
		 "INB/s", "OUTB/s", "ACTIVE", "INACT");
}

/**
 * top_line() - writes a row
 * @row: the row
 * @line: where it goes
 * @size: how much of it there is
 */
void top_line(const struct top_row *row, char *line, size_t size)
{
	const uint64_t values[] = {
		row->rates.cps, row->rates.inpps, row->rates.outpps,
		row->rates.inbps, row->rates.outbps, row->active, row->inactive,
	};
	char weight[16] = "", text[24];
	size_t i, length;

	if (row->is_server)
		shorten(row->weight, weight, sizeof(weight));
	length = snprintf(line, size, "%s%-*s %6s", row->is_server ? "  " : "",
			  row->is_server ? 30 : 32, row->name, weight);
	for (i = 0; i < ARRAY_SIZE(values) && length < size; i++) {
		shorten(values[i], text, sizeof(text));
		length += snprintf(line + length, size - length, " %6s", text);
	}
}
