// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.opvs.hash_key and net.opvs.sync_key, the secrets that directors may share.
 *
 * Their text is the bytes of opvs_hash_key_read(), each as two hexadecimal digits.
 * That does not depend on the machine, so that what is copied from one director
 * means the same on another.
 */
#include "hash_key.h"

#include <opvs/compat.h>
#include <opvs/hash.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>
#include <opvs/sync.h>

#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>

#define DIGITS	(2 * OPVS_HASH_KEY_BYTES)

/* What a secret that is not set reads as, and is written as. */
#define NO_KEY	"none"

/* The text of a key; NULL: there is none. */
static int key_show(const siphash_key_t *key, void *buffer, size_t *len,
		    loff_t *pos)
{
	u8 bytes[OPVS_HASH_KEY_BYTES];
	char text[DIGITS + 1] = NO_KEY;
	ssize_t count;

	if (key) {
		opvs_hash_key_write(key, bytes);
		bin2hex(text, bytes, sizeof(bytes));
		text[DIGITS] = 0;
	}
	count = strnlen(text, DIGITS);
	text[count++] = '\n';
	count = memory_read_from_buffer(buffer, *len, pos, text, count);
	if (count < 0)
		return count;
	*len = count;
	return 0;
}

static size_t text_len(const char *text, size_t len)
{
	return len && text[len - 1] == '\n' ? len - 1 : len;
}

/* All digits in one write, with or without the end of the line. */
static int key_parse(siphash_key_t *key, const char *text, size_t len,
		     loff_t pos)
{
	u8 bytes[OPVS_HASH_KEY_BYTES];

	if (pos || text_len(text, len) != DIGITS ||
	    hex2bin(bytes, text, sizeof(bytes)))
		return -EINVAL;
	opvs_hash_key_read(key, bytes);
	return 0;
}

static int hash_key_show(struct opvs_net *on, void *buffer, size_t *len,
			 loff_t *pos)
{
	siphash_key_t key;

	mutex_lock(&on->cfg_lock);
	key = on->svc.hash_key;
	mutex_unlock(&on->cfg_lock);
	return key_show(&key, buffer, len, pos);
}

static int hash_key_store(struct opvs_net *on, const char *text, size_t *len,
			  loff_t *pos)
{
	siphash_key_t key;
	int err;

	err = key_parse(&key, text, *len, *pos);
	if (err)
		return err;
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_rekey(on, &key, NULL);
	mutex_unlock(&on->cfg_lock);
	if (!err)
		*pos += *len;
	return err;
}

static int sync_key_show(struct opvs_net *on, void *buffer, size_t *len,
			 loff_t *pos)
{
	siphash_key_t key;

	return key_show(opvs_sync_key(on, &key) ? &key : NULL, buffer, len, pos);
}

static int sync_key_store(struct opvs_net *on, const char *text, size_t *len,
			  loff_t *pos)
{
	siphash_key_t key;
	int err;

	if (!*pos && text_len(text, *len) == strlen(NO_KEY) &&
	    !strncmp(text, NO_KEY, strlen(NO_KEY))) {
		opvs_sync_set_key(on, NULL);
	} else {
		err = key_parse(&key, text, *len, *pos);
		if (err)
			return err;
		opvs_sync_set_key(on, &key);
	}
	*pos += *len;
	return 0;
}

/* Root without the capability, as in many containers, could not set up services,
 * and cannot read the secrets either.
 */
static bool is_refused(const struct opvs_net *on)
{
	return !ns_capable(on->net->user_ns, CAP_NET_ADMIN) ||
	       (on->share.tenant && !opvs_may_configure(on));
}

/**
 * opvs_hash_key_sysctl() - net.opvs.hash_key was read or written
 * @table: the file; extra2 is the namespace
 * @write: it was written
 * @buffer: what was written, or where the text goes
 * @len: bytes at @buffer; of the text, when read
 * @pos: position in the file
 *
 * Context: process; takes cfg_lock.
 * Return: 0; -EPERM; -EINVAL for anything but a key, or an error of
 * opvs_svc_rekey(), and nothing has changed.
 */
int opvs_hash_key_sysctl(opvs_ctl_table *table, int write, void *buffer,
			 size_t *len, loff_t *pos)
{
	struct opvs_net *on = table->extra2;

	if (is_refused(on))
		return -EPERM;
	return write ? hash_key_store(on, buffer, len, pos) :
		       hash_key_show(on, buffer, len, pos);
}

/**
 * opvs_sync_key_sysctl() - net.opvs.sync_key was read or written
 * @table: the file; extra2 is the namespace
 * @write: it was written
 * @buffer: what was written, or where the text goes
 * @len: bytes at @buffer; of the text, when read
 * @pos: position in the file
 *
 * Context: process.
 * Return: 0; -EPERM; -EINVAL for anything but a key or "none", and nothing has
 * changed.
 */
int opvs_sync_key_sysctl(opvs_ctl_table *table, int write, void *buffer,
			 size_t *len, loff_t *pos)
{
	struct opvs_net *on = table->extra2;

	if (is_refused(on))
		return -EPERM;
	return write ? sync_key_store(on, buffer, len, pos) :
		       sync_key_show(on, buffer, len, pos);
}
