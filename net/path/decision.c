// SPDX-License-Identifier: GPL-2.0-only
/* Decisions, for those who trace them. */
#include "decision.h"

#include <opvs/conn.h>

/* What led to the server follows from what else the choice has. */
static enum opvs_how how_chosen(const struct opvs_choice *choice)
{
	if (!choice->dest)
		return OPVS_HOW_NONE;
	if (choice->control)
		return choice->control->flags & OPVS_CONN_F_EXCEPTION ?
		       OPVS_HOW_EXCEPTION : OPVS_HOW_TEMPLATE;
	return choice->hash && !choice->client ? OPVS_HOW_KEY :
						 OPVS_HOW_SCHEDULER;
}

/**
 * opvs_decision_trace() - record a decision; call opvs_decided() instead
 * @svc: the service
 * @flow: the packet
 * @choice: what was chosen
 * @verdict: OPVS_GO_ON, or why there is nothing
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_decision_trace(const struct opvs_svc *svc,
			 const struct opvs_flow *flow,
			 const struct opvs_choice *choice,
			 opvs_verdict_t verdict)
{
	u16 ctr = verdict == OPVS_GO_ON ? OPVS_CTR_NONE : (__force u16)verdict;

	trace_opvs_decision(svc, flow, choice->dest, how_chosen(choice), ctr);
}
