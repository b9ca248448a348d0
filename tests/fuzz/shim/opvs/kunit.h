/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_OPVS_KUNIT_H
#define SHIM_OPVS_KUNIT_H

#define EXPORT_SYMBOL_IF_KUNIT	SHIM_NO_EXPORT
#define SHIM_NO_EXPORT(...)

#endif /* SHIM_OPVS_KUNIT_H */
