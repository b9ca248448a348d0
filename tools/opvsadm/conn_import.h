/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries that another director lists. */
#ifndef OPVSADM_CONN_IMPORT_H
#define OPVSADM_CONN_IMPORT_H

int conn_import(int argc, char **argv);

#endif /* OPVSADM_CONN_IMPORT_H */
