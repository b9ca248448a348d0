// SPDX-License-Identifier: GPL-2.0-only
/* Questions to single hosts of a link, which harm nobody: an echo request that no
 * host forwards, and an ARP probe, from which nobody learns anything (RFC 5227).
 */
#include "probe.h"

#include "route.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_packet.h>

/* How often something is asked, and how long an answer may take on a link. */
#define PROBE_TRIES	3
#define PROBE_WAIT_MS	100

#define PROBE_TEXT	"opvsadm doctor"

/* An echo request. Both families have the same header. */
struct echo {
	struct icmphdr	head;
	char		text[16];
};

struct packet4 {
	struct iphdr	ip;
	struct echo	echo;
};

struct packet6 {
	struct ip6_hdr	ip;
	struct echo	echo;
};

static_assert(sizeof(struct packet4) == 44 && sizeof(struct packet6) == 64);

/* What is asked, and how an answer is known. */
struct question {
	const struct name_addr	*from;
	const struct name_addr	*to;
	uint16_t		id;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static uint32_t add_sum(uint32_t sum, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static uint16_t end_sum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static void make_echo(struct echo *echo, uint8_t type, uint16_t id)
{
	memset(echo, 0, sizeof(*echo));
	echo->head.type = type;
	echo->head.un.echo.id = htons(id);
	memcpy(echo->text, PROBE_TEXT, sizeof(PROBE_TEXT));
}

/* Lives for one hop: who would forward it says so instead. */
static size_t make_packet4(const struct question *question,
			   struct packet4 *packet)
{
	memset(packet, 0, sizeof(*packet));
	packet->ip.version = 4;
	packet->ip.ihl = sizeof(packet->ip) / 4;
	packet->ip.tot_len = htons(sizeof(*packet));
	packet->ip.ttl = 1;
	packet->ip.protocol = IPPROTO_ICMP;
	memcpy(&packet->ip.saddr, question->from->bytes, 4);
	memcpy(&packet->ip.daddr, question->to->bytes, 4);
	packet->ip.check = end_sum(add_sum(0, &packet->ip, sizeof(packet->ip)));
	make_echo(&packet->echo, ICMP_ECHO, question->id);
	packet->echo.head.checksum = end_sum(add_sum(0, &packet->echo,
						     sizeof(packet->echo)));
	return sizeof(*packet);
}

static size_t make_packet6(const struct question *question,
			   struct packet6 *packet)
{
	uint32_t sum = IPPROTO_ICMPV6 + sizeof(packet->echo);

	memset(packet, 0, sizeof(*packet));
	packet->ip.ip6_vfc = 6 << 4;
	packet->ip.ip6_plen = htons(sizeof(packet->echo));
	packet->ip.ip6_nxt = IPPROTO_ICMPV6;
	packet->ip.ip6_hlim = 1;
	memcpy(&packet->ip.ip6_src, question->from->bytes, 16);
	memcpy(&packet->ip.ip6_dst, question->to->bytes, 16);
	make_echo(&packet->echo, ICMP6_ECHO_REQUEST, question->id);
	sum = add_sum(sum, &packet->ip.ip6_src, 32);
	packet->echo.head.checksum = end_sum(add_sum(sum, &packet->echo,
						     sizeof(packet->echo)));
	return sizeof(*packet);
}

static bool is_own_echo(const struct echo *echo, const struct question *question,
			uint8_t type)
{
	return echo->head.type == type &&
	       echo->head.un.echo.id == htons(question->id);
}

/* Behind a message that the echo request lived too short there is its beginning. */
static enum probe_answer judge4(const struct question *question,
				const unsigned char *data, size_t size)
{
	struct packet4 packet, inner;
	size_t at = 4 * (data[0] & 15);

	if (size < at + sizeof(packet.echo.head) || at < sizeof(packet.ip))
		return PROBE_SILENT;
	memset(&packet, 0, sizeof(packet));
	memcpy(&packet.ip, data, sizeof(packet.ip));
	memcpy(&packet.echo.head, data + at, sizeof(packet.echo.head));
	if (packet.ip.protocol != IPPROTO_ICMP ||
	    memcmp(&packet.ip.daddr, question->from->bytes, 4) != 0)
		return PROBE_SILENT;
	if (is_own_echo(&packet.echo, question, ICMP_ECHOREPLY) &&
	    memcmp(&packet.ip.saddr, question->to->bytes, 4) == 0)
		return PROBE_OWNS;
	at += sizeof(packet.echo.head);
	if (packet.echo.head.type != ICMP_TIME_EXCEEDED ||
	    size < at + sizeof(inner.ip) + sizeof(inner.echo.head))
		return PROBE_SILENT;
	memset(&inner, 0, sizeof(inner));
	memcpy(&inner, data + at, sizeof(inner.ip) + sizeof(inner.echo.head));
	return memcmp(&inner.ip.daddr, question->to->bytes, 4) == 0 &&
	       is_own_echo(&inner.echo, question, ICMP_ECHO) ?
	       PROBE_PASSES_ON : PROBE_SILENT;
}

static enum probe_answer judge6(const struct question *question,
				const unsigned char *data, size_t size)
{
	const size_t heads = sizeof(struct ip6_hdr) + sizeof(struct icmphdr);
	struct packet6 packet, inner;

	if (size < heads)
		return PROBE_SILENT;
	memset(&packet, 0, sizeof(packet));
	memcpy(&packet, data, heads);
	if (packet.ip.ip6_nxt != IPPROTO_ICMPV6 ||
	    memcmp(&packet.ip.ip6_dst, question->from->bytes, 16) != 0)
		return PROBE_SILENT;
	if (is_own_echo(&packet.echo, question, ICMP6_ECHO_REPLY) &&
	    memcmp(&packet.ip.ip6_src, question->to->bytes, 16) == 0)
		return PROBE_OWNS;
	if (packet.echo.head.type != ICMP6_TIME_EXCEEDED || size < 2 * heads)
		return PROBE_SILENT;
	memset(&inner, 0, sizeof(inner));
	memcpy(&inner, data + heads, heads);
	return memcmp(&inner.ip.ip6_dst, question->to->bytes, 16) == 0 &&
	       is_own_echo(&inner.echo, question, ICMP6_ECHO_REQUEST) ?
	       PROBE_PASSES_ON : PROBE_SILENT;
}

/* A socket for packets of a device; @own becomes the device's own address. */
static int open_device(int device, uint16_t protocol, struct sockaddr_ll *own)
{
	struct sockaddr_ll bound = {
		.sll_family = AF_PACKET, .sll_protocol = htons(protocol),
		.sll_ifindex = device,
	};
	socklen_t len = sizeof(*own);
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&bound, sizeof(bound)) ||
	    getsockname(fd, (struct sockaddr *)own, &len) ||
	    own->sll_hatype != ARPHRD_ETHER || own->sll_halen != ROUTE_MAC_LEN) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool send_to(int fd, const struct sockaddr_ll *own,
		    const unsigned char *mac, const void *data, size_t size)
{
	struct sockaddr_ll to = *own;

	memcpy(to.sll_addr, mac, ROUTE_MAC_LEN);
	return sendto(fd, data, size, 0, (struct sockaddr *)&to, sizeof(to)) ==
	       (ssize_t)size;
}

/* The next packet that comes before a time, to this host only. */
static ssize_t receive(int fd, unsigned char *data, size_t size, int64_t until)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct sockaddr_ll from;
	socklen_t len;
	int64_t left;
	ssize_t got;

	for (;;) {
		left = until - now_ms();
		if (left < 0 || poll(&wait, 1, left) <= 0)
			return -1;
		len = sizeof(from);
		got = recvfrom(fd, data, size, MSG_DONTWAIT,
			       (struct sockaddr *)&from, &len);
		if (got > 0 && from.sll_pkttype == PACKET_HOST)
			return got;
	}
}

/**
 * probe_may() - may hosts be asked?
 *
 * Return: 0, or an error number.
 */
int probe_may(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/**
 * probe_wake() - makes the kernel find a neighbour's link-layer address
 * @to: the neighbour, which gets an echo request
 */
void probe_wake(const struct name_addr *to)
{
	bool six = to->family == AF_INET6;
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	int fd = socket(to->family, SOCK_RAW | SOCK_CLOEXEC,
			six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	struct echo echo;

	if (fd < 0)
		return;
	memcpy(&to6.sin6_addr, to->bytes, sizeof(to6.sin6_addr));
	memcpy(&to4.sin_addr, to->bytes, sizeof(to4.sin_addr));
	make_echo(&echo, six ? ICMP6_ECHO_REQUEST : ICMP_ECHO, getpid());
	/* Of IPv6 the kernel does it. */
	if (!six)
		echo.head.checksum = end_sum(add_sum(0, &echo, sizeof(echo)));
	(void)!sendto(fd, &echo, sizeof(echo), MSG_DONTWAIT,
		      six ? (struct sockaddr *)&to6 : (struct sockaddr *)&to4,
		      six ? sizeof(to6) : sizeof(to4));
	close(fd);
}

static enum probe_answer ask_once(int fd, const struct question *question)
{
	int64_t until = now_ms() + PROBE_WAIT_MS;
	enum probe_answer answer = PROBE_SILENT;
	unsigned char data[2048];
	ssize_t size;

	while (answer == PROBE_SILENT &&
	       (size = receive(fd, data, sizeof(data), until)) > 0)
		answer = question->to->family == AF_INET6 ?
			 judge6(question, data, size) :
			 judge4(question, data, size);
	return answer;
}

/**
 * probe_echo() - asks a host of a link whether an address is its own
 * @device: index of the link's device
 * @mac: the host's link-layer address
 * @from: an address of this host, to which the answer comes
 * @to: the address
 *
 * The host gets an echo request for the address, whatever the route to it is here.
 *
 * Return: what it answered.
 */
enum probe_answer probe_echo(int device, const unsigned char *mac,
			     const struct name_addr *from,
			     const struct name_addr *to)
{
	struct question question = { .from = from, .to = to, .id = getpid() };
	bool six = to->family == AF_INET6;
	enum probe_answer answer = PROBE_SILENT;
	struct sockaddr_ll own = { };
	union {
		struct packet4	four;
		struct packet6	six;
	} packet;
	size_t size;
	int fd, i;

	fd = open_device(device, six ? ETH_P_IPV6 : ETH_P_IP, &own);
	if (fd < 0)
		return PROBE_IMPOSSIBLE;
	size = six ? make_packet6(&question, &packet.six) :
	       make_packet4(&question, &packet.four);
	for (i = 0; i < PROBE_TRIES && answer == PROBE_SILENT; i++) {
		if (!send_to(fd, &own, mac, &packet, size))
			answer = PROBE_IMPOSSIBLE;
		else
			answer = ask_once(fd, &question);
	}
	close(fd);
	return answer;
}

static bool is_arp_answer(const struct ether_arp *arp, ssize_t size,
			  const struct name_addr *addr,
			  const struct sockaddr_ll *own)
{
	return size >= (ssize_t)sizeof(*arp) &&
	       arp->ea_hdr.ar_op == htons(ARPOP_REPLY) &&
	       memcmp(arp->arp_spa, addr->bytes, 4) == 0 &&
	       memcmp(arp->arp_sha, own->sll_addr, ROUTE_MAC_LEN) != 0;
}

/**
 * probe_arp() - does another host of a link answer for an address?
 * @device: index of the link's device
 * @addr: the address, of IPv4
 * @mac: becomes the link-layer address of who answers
 *
 * Return: whether one does.
 */
bool probe_arp(int device, const struct name_addr *addr, unsigned char *mac)
{
	unsigned char everybody[ROUTE_MAC_LEN], data[2048];
	struct sockaddr_ll own = { };
	struct ether_arp arp = {
		.ea_hdr = {
			.ar_hrd = htons(ARPHRD_ETHER), .ar_pro = htons(ETH_P_IP),
			.ar_hln = ROUTE_MAC_LEN, .ar_pln = 4,
			.ar_op = htons(ARPOP_REQUEST),
		},
	};
	int fd = open_device(device, ETH_P_ARP, &own), i;
	bool found = false;
	int64_t until;
	ssize_t size;

	if (fd < 0)
		return false;
	memset(everybody, 0xff, sizeof(everybody));
	memcpy(arp.arp_sha, own.sll_addr, ROUTE_MAC_LEN);
	memcpy(arp.arp_tpa, addr->bytes, 4);
	for (i = 0; i < PROBE_TRIES && !found; i++) {
		until = now_ms() + PROBE_WAIT_MS;
		if (!send_to(fd, &own, everybody, &arp, sizeof(arp)))
			break;
		while (!found && (size = receive(fd, data, sizeof(data),
						 until)) > 0) {
			struct ether_arp answer = { };

			memcpy(&answer, data, size < (ssize_t)sizeof(answer) ?
			       (size_t)size : sizeof(answer));
			found = is_arp_answer(&answer, size, addr, &own);
			if (found)
				memcpy(mac, answer.arp_sha, ROUTE_MAC_LEN);
		}
	}
	close(fd);
	return found;
}
