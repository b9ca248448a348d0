// SPDX-License-Identifier: GPL-2.0-only
/* Metrics over HTTP (libmicrohttpd): one thread, one answer after the other, as
 * each is asked of the kernel.
 */
#include "metrics.h"

#include "adm.h"
#include "names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

/* Where a service manager puts the first socket that it opened. */
#define FIRST_SOCKET	3

#define CONNECTIONS	16
#define SECONDS		10

static enum MHD_Result answer_text(struct MHD_Connection *connection,
				   unsigned int status, const char *type,
				   char *text, size_t size, bool ours)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(size, text, ours ?
						   MHD_RESPMEM_MUST_FREE :
						   MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
					"GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_plain(struct MHD_Connection *connection,
				    unsigned int status, char *text)
{
	return answer_text(connection, status, "text/plain; charset=utf-8",
			   text, strlen(text), false);
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection,
				      const struct metrics_options *options)
{
	static const char open_type[] =
		"application/openmetrics-text; version=1.0.0; charset=utf-8";
	static const char plain_type[] =
		"text/plain; version=0.0.4; charset=utf-8";
	struct metrics_options asked = *options;
	const char *accept;
	char *text = NULL;
	size_t size = 0;
	FILE *file;
	int status;

	accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					     MHD_HTTP_HEADER_ACCEPT);
	asked.prometheus = !accept || !strstr(accept, "openmetrics-text");
	file = open_memstream(&text, &size);
	if (!file)
		return MHD_NO;
	status = metrics_write(file, &asked);
	if (fclose(file) || status) {
		free(text);
		return answer_plain(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				    "opvs does not answer; see this program's messages\n");
	}
	return answer_text(connection, MHD_HTTP_OK,
			   asked.prometheus ? plain_type : open_type, text,
			   size, true);
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **context)
{
	static int begun;

	(void)version;
	(void)data;
	(void)size;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_plain(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				    "GET is what there is\n");
	/* The first call is about headers only. */
	if (!*context) {
		*context = &begun;
		return MHD_YES;
	}
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(connection, arg);
	return answer_plain(connection, MHD_HTTP_NOT_FOUND,
			    "the metrics are at /metrics\n");
}

static int bind_to(const struct name_addr *addr, int port)
{
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_port = htons(port),
	};
	struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_port = htons(port),
	};
	int fd, on = 1, err;

	memcpy(&six.sin6_addr, addr->bytes, sizeof(six.sin6_addr));
	memcpy(&four.sin_addr, addr->bytes, sizeof(four.sin_addr));
	fd = socket(addr->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->family == AF_INET6)
		err = bind(fd, (struct sockaddr *)&six, sizeof(six));
	else
		err = bind(fd, (struct sockaddr *)&four, sizeof(four));
	if (!err)
		err = listen(fd, SOMAXCONN);
	if (err) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* The socket that a service manager opened for this process. */
static int inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	if (!pid || strtol(pid, NULL, 10) != getpid() ||
	    !count || strcmp(count, "1") != 0) {
		adm_bad_usage("--serve takes =ADDRESS:PORT; no socket was handed over");
		return -1;
	}
	return FIRST_SOCKET;
}

/* Until a signal ends it. */
static int wait_for_end(sigset_t *signals)
{
	int number;

	if (sigwait(signals, &number) == 0)
		return ADM_OK;
	adm_err("signals cannot be waited for: %m");
	return ADM_FAILED;
}

/**
 * metrics_serve() - answers requests for metrics until a signal ends it
 * @address: ADDRESS:PORT; NULL: the socket that a service manager hands over
 * @options: how they are told
 *
 * Return: a status of the program; the user was told what went wrong.
 */
int metrics_serve(const char *address, const struct metrics_options *options)
{
	struct MHD_Daemon *daemon;
	struct name_addr addr;
	sigset_t signals;
	int fd, port, status;

	if (!address) {
		fd = inherited();
		if (fd < 0)
			return ADM_USAGE;
	} else if (!name_parse_endpoint(address, &addr, &port) || port < 1) {
		return adm_bad_usage("--serve takes ADDRESS:PORT, not '%s'",
				     address);
	} else {
		fd = bind_to(&addr, port);
	}
	if (fd < 0) {
		adm_err("%s cannot be listened on: %m", address);
		return ADM_FAILED;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
				  answer, (void *)options,
				  MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_CONNECTION_LIMIT,
				  (unsigned int)CONNECTIONS,
				  MHD_OPTION_CONNECTION_TIMEOUT,
				  (unsigned int)SECONDS, MHD_OPTION_END);
	if (!daemon) {
		adm_err("no server for HTTP could be started");
		close(fd);
		return ADM_FAILED;
	}
	status = wait_for_end(&signals);
	MHD_stop_daemon(daemon);
	return status;
}
