/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers as tables for people (libsmartcols) and as JSON for programs
 * (json-c): a row is told once, and comes out as either.
 */
#ifndef OPVSADM_OUT_H
#define OPVSADM_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/**
 * struct out_column - a column of a table, a key of the objects
 * @key: its key in JSON, which never changes
 * @title: what stands above it; NULL: JSON only
 * @number: it is put to the right
 * @wrap: its text may take several lines
 */
struct out_column {
	const char	*key;
	const char	*title;
	bool		number;
	bool		wrap;
};

/**
 * struct out - a list that is being told
 * @columns: its columns, as many as @count
 * @count: how many
 * @table: for people
 * @line: the row that is being filled, of a table
 * @object: the same in JSON
 * @rows: rows told
 * @failed: memory was lacking
 */
struct out {
	const struct out_column	*columns;
	size_t			count;
	struct libscols_table	*table;
	struct libscols_line	*line;
	struct json_object	*object;
	size_t			rows;
	bool			failed;
};

int out_begin(struct out *out, const struct out_column *columns, size_t count);
void out_row(struct out *out);
void out_text(struct out *out, size_t column, const char *text);
void out_number(struct out *out, size_t column, uint64_t number);
void out_signed(struct out *out, size_t column, int64_t number);
void out_bool(struct out *out, size_t column, bool value);
void out_json(struct out *out, size_t column, struct json_object *value,
	      const char *text);
int out_end(struct out *out);

#endif /* OPVSADM_OUT_H */
