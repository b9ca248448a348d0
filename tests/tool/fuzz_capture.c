// SPDX-License-Identifier: GPL-2.0-only
/* Captures of a few packets, sound and changed, for opvsadm explain. */
#include "fuzz.h"

#include "adm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pcap/pcap.h>

#define PACKETS_MAX	200
#define FILE_ROOM	65536
#define WORDS_MAX	16

/* A file that grows. */
struct file {
	unsigned char	data[FILE_ROOM];
	size_t		size;
};

static void append(struct file *file, const void *data, size_t size)
{
	if (file->size + size > sizeof(file->data) / 2)
		return;
	memcpy(file->data + file->size, data, size);
	file->size += size;
}

/* From one of a few clients, by one of a few protocols. */
static void append_packet(struct file *file, unsigned int number)
{
	static const unsigned char protocols[] = {
		IPPROTO_UDP, IPPROTO_UDP, IPPROTO_TCP, IPPROTO_SCTP, IPPROTO_ICMP,
	};
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .tot_len = htons(60),
		.protocol = protocols[fuzz_below(sizeof(protocols))],
		.saddr = htonl(0x0a010200 + fuzz_below(4)),
		.daddr = htonl(0x0a090909),
		.frag_off = fuzz_once_in(8) ? htons(IP_MF) : 0,
	};
	struct udphdr udp = {
		.source = htons(5060), .dest = htons(80), .len = htons(40),
	};
	/* Headers of the file are four numbers: time, lengths. */
	const unsigned int head[] = { number, 0, 60, 60 };
	char text[32] = "";

	snprintf(text, sizeof(text), "BYE sip:a\r\nCall-ID: %u\r\n",
		 fuzz_below(5));
	append(file, head, sizeof(head));
	append(file, &ip, sizeof(ip));
	append(file, &udp, sizeof(udp));
	append(file, text, sizeof(text));
}

static void make_file(struct file *file)
{
	struct pcap_file_header head = {
		.magic = 0xa1b2c3d4, .version_major = 2, .version_minor = 4,
		.snaplen = 65535, .linktype = 101,
	};
	unsigned int i, count = fuzz_below(PACKETS_MAX);

	file->size = 0;
	append(file, &head, sizeof(head));
	for (i = 0; i < count; i++)
		append_packet(file, i);
	if (fuzz_once_in(3))
		file->size = fuzz_change(file->data, file->size,
					 sizeof(file->data));
}

/**
 * fuzz_capture() - opvsadm explain, with a capture
 * @argc: number of arguments
 * @argv: the command and its arguments; the capture is put behind them
 *
 * Return: a status of the program.
 */
int fuzz_capture(int argc, char **argv)
{
	int status = ADM_FAILED, file = memfd_create("capture", MFD_CLOEXEC);
	struct file *made = malloc(sizeof(*made));
	char *words[WORDS_MAX + 3] = { NULL };
	char path[32], option[] = "--pcap";

	if (file < 0 || !made)
		abort();
	make_file(made);
	if (write(file, made->data, made->size) == (ssize_t)made->size) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		if (argc > WORDS_MAX)
			argc = WORDS_MAX;
		memcpy(words, argv, argc * sizeof(*words));
		words[argc] = option;
		words[argc + 1] = path;
		status = cmd_explain(argc + 2, words);
	}
	free(made);
	close(file);
	return status;
}
