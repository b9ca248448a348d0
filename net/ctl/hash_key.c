// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.opvs.hash_key, the secret that directors may share.
 *
 * Its text is the bytes of opvs_hash_key_read(), each as two hexadecimal digits.
 * That does not depend on the machine, so that what is copied from one director
 * means the same on another.
 */
#include "hash_key.h"

#include <opvs/compat.h>
#include <opvs/hash.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>

#define DIGITS	(2 * OPVS_HASH_KEY_BYTES)

static int hash_key_show(struct opvs_net *on, void *buffer, size_t *len,
			 loff_t *pos)
{
	u8 bytes[OPVS_HASH_KEY_BYTES];
	char text[DIGITS + 1];
	ssize_t count;

	mutex_lock(&on->cfg_lock);
	opvs_hash_key_write(&on->svc.hash_key, bytes);
	mutex_unlock(&on->cfg_lock);

	bin2hex(text, bytes, sizeof(bytes));
	text[DIGITS] = '\n';
	count = memory_read_from_buffer(buffer, *len, pos, text, sizeof(text));
	if (count < 0)
		return count;
	*len = count;
	return 0;
}

/* All digits in one write, with or without the end of the line. */
static int hash_key_store(struct opvs_net *on, const char *text, size_t *len,
			  loff_t *pos)
{
	u8 bytes[OPVS_HASH_KEY_BYTES];
	size_t digits = *len;
	siphash_key_t key;
	int err;

	if (digits && text[digits - 1] == '\n')
		digits--;
	if (*pos || digits != DIGITS || hex2bin(bytes, text, sizeof(bytes)))
		return -EINVAL;

	opvs_hash_key_read(&key, bytes);
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_rekey(on, &key, NULL);
	mutex_unlock(&on->cfg_lock);
	if (!err)
		*pos += *len;
	return err;
}

/**
 * opvs_hash_key_sysctl() - net.opvs.hash_key was read or written
 * @table: the file; extra2 is the namespace
 * @write: it was written
 * @buffer: what was written, or where the text goes
 * @len: bytes at @buffer; of the text, when read
 * @pos: position in the file
 *
 * Root without the capability, as in many containers, could not set up
 * services, and cannot read the secret either.
 *
 * Context: process; takes cfg_lock.
 * Return: 0; -EPERM; -EINVAL for anything but a key, or an error of
 * opvs_svc_rekey(), and nothing has changed.
 */
int opvs_hash_key_sysctl(opvs_ctl_table *table, int write, void *buffer,
			 size_t *len, loff_t *pos)
{
	struct opvs_net *on = table->extra2;

	if (!ns_capable(on->net->user_ns, CAP_NET_ADMIN) ||
	    (on->share.tenant && !opvs_may_configure(on)))
		return -EPERM;
	return write ? hash_key_store(on, buffer, len, pos) :
		       hash_key_show(on, buffer, len, pos);
}
