// SPDX-License-Identifier: GPL-2.0-only
/* Answers as tables for people (libsmartcols) and as JSON for programs
 * (json-c): a row is told once, and comes out as either.
 */
#include "out.h"

#include "adm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <libsmartcols/libsmartcols.h>

/* A table is printed in pieces of so many rows, so that a long one does not
 * fill the memory; columns are as wide as the piece needs them.
 */
#define PIECE	4096

static int begin_table(struct out *out)
{
	size_t i;

	out->table = scols_new_table();
	if (!out->table)
		return -1;
	scols_table_enable_colors(out->table, adm_opt.color);
	/* Lines are broken for a terminal only. */
	if (!isatty(STDOUT_FILENO))
		scols_table_set_termforce(out->table, SCOLS_TERMFORCE_NEVER);
	for (i = 0; i < out->count; i++) {
		const struct out_column *column = &out->columns[i];
		int flags = 0;

		if (column->number)
			flags |= SCOLS_FL_RIGHT;
		if (column->wrap && isatty(STDOUT_FILENO))
			flags |= SCOLS_FL_WRAP;
		if (!column->title)
			flags |= SCOLS_FL_HIDDEN;
		if (!scols_table_new_column(out->table,
					    column->title ? column->title : "",
					    0, flags))
			return -1;
	}
	return 0;
}

/**
 * out_begin() - begins a list
 * @out: the list
 * @columns: its columns, which must stay
 * @count: how many
 *
 * Return: 0, or -1 for lack of memory, which the user was told; out_end() is
 * not called then.
 */
int out_begin(struct out *out, const struct out_column *columns, size_t count)
{
	memset(out, 0, sizeof(*out));
	out->columns = columns;
	out->count = count;
	if (adm_opt.json || begin_table(out) == 0)
		return 0;
	scols_unref_table(out->table);
	adm_err("no memory for a table");
	return -1;
}

/* Objects are printed as they are complete, so that a long list takes no
 * memory.
 */
static void flush_object(struct out *out)
{
	if (!out->object)
		return;
	printf("%s%s", out->rows++ ? ",\n" : "[\n",
	       json_object_to_json_string_ext(out->object,
					      JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(out->object);
	out->object = NULL;
}

static void flush_table(struct out *out)
{
	out->failed |= scols_print_table(out->table) != 0;
	scols_table_remove_lines(out->table);
	scols_table_enable_noheadings(out->table, 1);
}

/**
 * out_row() - begins a row
 * @out: the list
 */
void out_row(struct out *out)
{
	if (adm_opt.json) {
		flush_object(out);
		out->object = json_object_new_object();
		out->failed |= !out->object;
		return;
	}
	if (out->rows && out->rows % PIECE == 0)
		flush_table(out);
	out->rows++;
	out->line = scols_table_new_line(out->table, NULL);
	out->failed |= !out->line;
}

/**
 * out_json() - fills a field with what is not flat
 * @out: the list
 * @column: number of the column
 * @value: for JSON, NULL for null; is given away. Not looked at in tables
 * @text: the same for a table
 */
void out_json(struct out *out, size_t column, struct json_object *value,
	      const char *text)
{
	if (adm_opt.json && out->object) {
		out->failed |= json_object_object_add(out->object,
						      out->columns[column].key,
						      value) != 0;
	} else if (!adm_opt.json && out->line) {
		out->failed |= scols_line_set_data(out->line, column, text) != 0;
	}
}

/**
 * out_text() - fills a field with a text
 * @out: the list
 * @column: number of the column
 * @text: the text; NULL is null in JSON and nothing in tables
 */
void out_text(struct out *out, size_t column, const char *text)
{
	out_json(out, column, adm_opt.json && text ?
		 json_object_new_string(text) : NULL, text ? text : "");
}

/**
 * out_number() - fills a field with a number
 * @out: the list
 * @column: number of the column
 * @number: the number
 */
void out_number(struct out *out, size_t column, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ju", (uintmax_t)number);
	out_json(out, column, adm_opt.json ?
		 json_object_new_uint64(number) : NULL, text);
}

/**
 * out_signed() - fills a field with a number that may be negative
 * @out: the list
 * @column: number of the column
 * @number: the number
 */
void out_signed(struct out *out, size_t column, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%jd", (intmax_t)number);
	out_json(out, column, adm_opt.json ?
		 json_object_new_int64(number) : NULL, text);
}

/**
 * out_bool() - fills a field with yes or no
 * @out: the list
 * @column: number of the column
 * @value: true in JSON, "yes" in tables; else false and "no"
 */
void out_bool(struct out *out, size_t column, bool value)
{
	out_json(out, column, adm_opt.json ?
		 json_object_new_boolean(value) : NULL, value ? "yes" : "no");
}

/**
 * out_end() - ends a list: it is printed, if it was not yet
 * @out: the list
 *
 * Return: a status of the program.
 */
int out_end(struct out *out)
{
	if (adm_opt.json) {
		flush_object(out);
		puts(out->rows ? "\n]" : "[]");
	} else {
		out->failed |= out->rows && scols_print_table(out->table) != 0;
		scols_unref_table(out->table);
	}
	if (!out->failed)
		return ADM_OK;
	adm_err("no memory for all of the answer");
	return ADM_FAILED;
}
