// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of <opvs/trace.h>. */
#include "trace.h"

#define CREATE_TRACE_POINTS
#include <opvs/trace.h>
