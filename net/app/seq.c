// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequence numbers of a direction whose bytes became more or less on the way, and
 * where its lines begin.
 *
 * A change at some place moves all numbers behind it.  The last change is known by
 * its place, all before it by their sum.  So a packet that comes again from that
 * place on moves as it did the first time, and for what lies before an earlier
 * change nobody knows: there is none before the receiver has what was changed last.
 */
#include <opvs/app.h>

#include <opvs/kunit.h>

#include <linux/sizes.h>
#include <linux/string.h>
#include <net/tcp.h>

/* Bytes that may be missing before a packet. */
#define STREAM_AHEAD	SZ_1M

/**
 * opvs_seq_forth() - a sender's number as the receiver counts
 * @s: of the sender's direction
 * @seq: sequence number of a packet
 *
 * Context: any.
 */
u32 opvs_seq_forth(const struct opvs_seq *s, u32 seq)
{
	return seq + (after(seq, s->init_seq) ? s->delta : s->previous_delta);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_seq_forth);

/**
 * opvs_seq_back() - a receiver's number as the sender counts
 * @s: of the sender's direction
 * @seq: what the receiver acknowledges
 *
 * Context: any.
 */
u32 opvs_seq_back(const struct opvs_seq *s, u32 seq)
{
	u32 changed = s->init_seq + s->previous_delta;

	return seq - (after(seq, changed) ? s->delta : s->previous_delta);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_seq_back);

/**
 * opvs_seq_may_change() - can another change be told from the last one?
 * @s: of the sender's direction
 * @acked: up to where the receiver has everything, as it counts
 *
 * Context: any.
 */
bool opvs_seq_may_change(const struct opvs_seq *s, u32 acked)
{
	if (!s->delta && !s->previous_delta)
		return true;
	return after(acked, s->init_seq + s->previous_delta);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_seq_may_change);

/**
 * opvs_seq_change() - bytes became more or less
 * @s: of the sender's direction
 * @at: sequence number of the line in which they did, as the sender counts
 * @diff: how many more
 *
 * Context: any.
 */
void opvs_seq_change(struct opvs_seq *s, u32 at, int diff)
{
	if (!diff)
		return;
	s->previous_delta = s->delta;
	s->delta += diff;
	s->init_seq = at;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_seq_change);

/**
 * opvs_stream_lines() - where the first line is that was not read yet
 * @stream: direction
 * @seq: sequence number of a packet's payload
 * @data: the payload
 * @len: its length
 *
 * Context: any.
 * Return: bytes of the payload in front of a line's beginning, @len if there is
 * none; -1 when something is missing before, so that nobody knows.
 */
int opvs_stream_lines(const struct opvs_stream *stream, u32 seq,
		      const u8 *data, unsigned int len)
{
	const u8 *end;
	u32 at;

	if (!stream->known)
		return 0;
	if (after(seq, stream->next))
		return -1;
	at = stream->next - seq;
	if (at >= len)
		return len;
	if (!stream->in_line)
		return at;
	end = memchr(data + at, '\n', len - at);
	return end ? end + 1 - data : len;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_stream_lines);

/**
 * opvs_stream_read() - a packet was read
 * @stream: direction
 * @seq: sequence number of its payload
 * @len: its length, above 0
 * @in_line: it does not end with a line
 *
 * Context: any.
 */
void opvs_stream_read(struct opvs_stream *stream, u32 seq, unsigned int len,
		      bool in_line)
{
	/* A gap of that size is none of a control connection's: somebody made the
	 * packet up, and what is between would count as read.
	 */
	if (stream->known && (!after(seq + len, stream->next) ||
			      seq + len - stream->next > STREAM_AHEAD))
		return;
	stream->known = true;
	stream->next = seq + len;
	stream->in_line = in_line;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_stream_read);
