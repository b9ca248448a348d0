// SPDX-License-Identifier: GPL-2.0-only
/* Reads captures as opvsadm explain does, and prints what it found; or reads
 * changed ones, and only looks whether that goes well.
 *
 * usage: explain_capture FILE
 *        explain_capture --fuzz COUNT SEED FILE...
 */
#include "adm.h"
#include "explain_capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A seed is no longer. */
#define SEED_MAX	0x100000

static void print_end(const struct capture_packet *packet,
		      const struct name_addr *addr, uint16_t port)
{
	char text[NAME_SIZE];

	if (!addr->family)
		printf(" -");
	else if (packet->has_ports)
		printf(" %s", name_endpoint(addr, port, text, sizeof(text)));
	else
		printf(" %s", name_addr_text(addr, text, sizeof(text)));
}

static void print_packet(const struct capture_packet *packet)
{
	static const char *const kinds[] = {
		[CAPTURE_PACKET] = "packet", [CAPTURE_NOT_IP] = "not-ip",
		[CAPTURE_CUT] = "cut", [CAPTURE_MALFORMED] = "malformed",
	};

	printf("%s", kinds[packet->kind]);
	if (packet->kind != CAPTURE_NOT_IP) {
		printf(" %u", packet->protocol);
		print_end(packet, &packet->from, packet->from_port);
		print_end(packet, &packet->to, packet->to_port);
	}
	if (packet->kind == CAPTURE_PACKET)
		printf(" len %zu", packet->len);
	if (packet->missing)
		printf(" missing %zu", packet->missing);
	printf("%s%s%s%s\n", packet->fragment ? " fragment" : "",
	       packet->outgoing ? " outgoing" : "", packet->word[0] ? " " : "",
	       packet->word);
}

/* What must hold of every packet, whatever is in the file. */
static unsigned int judge(const struct capture_packet *packet)
{
	unsigned int sum = 0;
	size_t i;

	if (packet->kind != CAPTURE_PACKET)
		return 0;
	if (packet->len > CAPTURE_PACKET_MAX || packet->len < 20 ||
	    !packet->from.family || packet->from.family != packet->to.family ||
	    !memchr(packet->word, '\0', sizeof(packet->word)))
		abort();
	/* An address sanitizer sees whether all of it is there. */
	for (i = 0; i < packet->len; i++)
		sum += packet->data[i];
	return sum;
}

static unsigned int sums;	/* of all that was read */

static int read_capture(const char *path, bool print)
{
	struct capture *capture = capture_open(path);
	struct capture_packet packet;
	int got;

	if (!capture)
		return 1;
	while ((got = capture_next(capture, &packet)) > 0) {
		sums += judge(&packet);
		if (print)
			print_packet(&packet);
	}
	capture_close(capture);
	return got < 0;
}

static size_t load(const char *path, unsigned char *data)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	if (!file) {
		perror(path);
		exit(2);
	}
	len = fread(data, 1, SEED_MAX, file);
	fclose(file);
	return len;
}

/* In place of what is in a file. */
static void store(int file, const unsigned char *data, size_t len)
{
	if (ftruncate(file, 0) || pwrite(file, data, len, 0) != (ssize_t)len) {
		perror("explain_capture");
		exit(2);
	}
}

/* Numbers of four bytes, as a file's headers have them, that are of interest. */
static unsigned int odd_number(void)
{
	static const unsigned int numbers[] = {
		0, 1, 13, 14, 15, 20, 39, 40, 0x7f, 0xff, 0xffff, 0x10000,
		0x3ffff, 0x40000, 0x7fffffff, 0x80000000, 0xffffffff,
		0x81000081, 0x45000000, 0x60000000,
	};

	return numbers[random() % ARRAY_SIZE(numbers)];
}

static size_t change(unsigned char *data, size_t len)
{
	int changes = 1 + random() % 8;
	unsigned int number;
	size_t at;

	while (changes-- && len > 8) {
		at = random() % (len - 4);
		switch (random() % 5) {
		case 0:
			data[at] = random();
			break;
		case 1:
			data[at] ^= 1 << random() % 8;
			break;
		case 2:
			number = odd_number();
			memcpy(data + at, &number, sizeof(number));
			break;
		case 3:
			/* The first header matters most. */
			at = random() % 24;
			if (at < len)
				data[at] = random();
			break;
		default:
			len -= random() % (len / 4 + 1);
		}
	}
	return len;
}

static int fuzz(int argc, char **argv)
{
	unsigned char *data = malloc(SEED_MAX);
	unsigned long count = strtoul(argv[2], NULL, 10), files;
	int file = memfd_create("capture", 0);
	char path[32];
	size_t len;

	if (!data || file < 0)
		return 2;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	/* What is wrong with each is told to nobody. */
	if (!freopen("/dev/null", "w", stderr))
		return 2;
	srandom(atoi(argv[3]));
	for (files = 0; files < count; files++) {
		len = load(argv[4 + random() % (argc - 4)], data);
		store(file, data, change(data, len));
		read_capture(path, false);
	}
	printf("%lu changed captures (sum %u)\n", files, sums);
	close(file);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 4 && strcmp(argv[1], "--fuzz") == 0)
		return fuzz(argc, argv);
	if (argc == 2)
		return read_capture(argv[1], true);
	fputs("usage: explain_capture FILE\n"
	      "       explain_capture --fuzz COUNT SEED FILE...\n",
	      stderr);
	return 2;
}
