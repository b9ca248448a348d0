// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm top on a terminal (ncurses), which sends only what has changed. */
#include "top.h"

#include "adm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <ncurses.h>

static sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	__atomic_store_n(&ended, 1, __ATOMIC_RELAXED);
}

/* What is seen, and from where on. */
struct screen {
	struct top_rows	rows;
	enum top_order	order;
	unsigned int	seconds;
	size_t		first;
};

/* Cut at the terminal's edge. */
static void put(int y, const char *line)
{
	mvaddnstr(y, 0, line, COLS);
	clrtoeol();
}

static void draw(struct screen *screen)
{
	size_t room = LINES > 3 ? LINES - 3 : 0, i;
	char line[TOP_LINE];

	if (screen->first + room > screen->rows.count)
		screen->first = screen->rows.count > room ?
				screen->rows.count - room : 0;
	snprintf(line, sizeof(line),
		 "opvs: every %u s, by %s; s: sort by the next, arrows: scroll, q: quit",
		 screen->seconds, top_order_name(screen->order));
	put(0, line);
	put(1, "");
	top_head(line, sizeof(line));
	attron(A_REVERSE);
	put(2, line);
	attroff(A_REVERSE);
	for (i = 0; i < room; i++) {
		line[0] = '\0';
		if (screen->first + i < screen->rows.count)
			top_line(&screen->rows.row[screen->first + i], line,
				 sizeof(line));
		put(3 + i, line);
	}
	refresh();
}

static int read_rows(struct adm_nl *nl, struct screen *screen)
{
	struct snap snap;
	int err = snap_all(nl, &snap);

	top_free(&screen->rows);
	if (!err)
		err = top_build(&screen->rows, &snap, screen->order);
	snap_free(&snap);
	return err;
}

/* Returns false if the user has had enough. */
static bool obey(struct screen *screen, int key)
{
	switch (key) {
	case 'q':
		return false;
	case 's':
		screen->order = (screen->order + 1) % TOP_ORDER_COUNT;
		break;
	case KEY_DOWN:
		screen->first++;
		break;
	case KEY_UP:
		screen->first -= screen->first != 0;
		break;
	case KEY_NPAGE:
		screen->first += LINES > 3 ? LINES - 3 : 1;
		break;
	case KEY_PPAGE:
		screen->first -= screen->first > (size_t)LINES ?
				 (size_t)LINES : screen->first;
		break;
	}
	return true;
}

static int loop(struct adm_nl *nl, struct screen *screen)
{
	int err = 0;

	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED) && !err) {
		err = read_rows(nl, screen);
		if (err)
			break;
		draw(screen);
		if (!obey(screen, getch()))
			break;
	}
	return err;
}

/**
 * top_screen() - shows rates on the terminal until the user has had enough
 * @seconds: between one look and the next
 * @order: what rows are sorted by
 *
 * Return: a status of the program.
 */
int top_screen(unsigned int seconds, enum top_order order)
{
	struct screen screen = { .order = order, .seconds = seconds };
	struct sigaction action = { .sa_handler = end };
	struct adm_nl nl;
	SCREEN *terminal;
	int err;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal) {
		adm_err("this terminal is not known; --batch does without");
		adm_close(&nl);
		return ADM_FAILED;
	}
	/* Behind newterm(), which has handlers of its own. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, true);
	timeout(seconds * 1000);
	err = loop(&nl, &screen);
	endwin();
	delscreen(terminal);
	top_free(&screen.rows);
	adm_close(&nl);
	if (err)
		adm_err("opvs does not answer any more");
	return err ? ADM_FAILED : ADM_OK;
}
