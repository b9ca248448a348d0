/* SPDX-License-Identifier: GPL-2.0-only */
/* Decisions, for those who trace them. */
#ifndef OPVS_PATH_DECISION_H
#define OPVS_PATH_DECISION_H

#include <opvs/path.h>
#include <opvs/trace.h>

void opvs_decision_trace(const struct opvs_svc *svc,
			 const struct opvs_flow *flow,
			 const struct opvs_choice *choice,
			 opvs_verdict_t verdict);

/**
 * opvs_decided() - a server was chosen for a packet, or none
 * @svc: the service
 * @flow: the packet
 * @choice: what was chosen
 * @verdict: OPVS_GO_ON, or why there is nothing
 *
 * Context: softirq or BH disabled, RCU read side.
 */
static inline void opvs_decided(const struct opvs_svc *svc,
				const struct opvs_flow *flow,
				const struct opvs_choice *choice,
				opvs_verdict_t verdict)
{
	if (trace_opvs_decision_enabled())
		opvs_decision_trace(svc, flow, choice, verdict);
}

#endif /* OPVS_PATH_DECISION_H */
