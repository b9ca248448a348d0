/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols that only unit tests see.
 *
 * A function marked VISIBLE_IF_KUNIT is static unless the kernel has KUnit;
 * then EXPORT_SYMBOL_IF_KUNIT() offers it to the test modules.  Its prototype
 * stands in the owner's header under #if IS_ENABLED(CONFIG_KUNIT).
 */
#ifndef OPVS_KUNIT_H
#define OPVS_KUNIT_H

#include <linux/export.h>
#include <linux/module.h>

#include <opvs/compat.h>

#if __has_include("kunit/visibility.h")
#include <kunit/visibility.h>
#endif

/* Older kernels do not have that header. */
#ifndef VISIBLE_IF_KUNIT
#if IS_ENABLED(CONFIG_KUNIT)
#define VISIBLE_IF_KUNIT
#define EXPORT_SYMBOL_IF_KUNIT	EXPORT_SYMBOL
#else
#define VISIBLE_IF_KUNIT	static
#define EXPORT_SYMBOL_IF_KUNIT	OPVS_NO_EXPORT
#define OPVS_NO_EXPORT(...)
#endif
#endif

/* Goes once into each test module.  MODULE_IMPORT_NS() took a bare word first
 * and a string later; what it writes into the module has never changed.
 */
#define OPVS_IMPORT_FOR_KUNIT() \
	MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING")

#endif /* OPVS_KUNIT_H */
