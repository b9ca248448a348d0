// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rate estimation: a moving average with weight 1/4 over two-second steps,
 * as IPVS's readers expect it.  Fixed point, OPVS_EST_SHIFT fraction bits.
 */
#include <opvs/stats.h>

#include <opvs/kunit.h>

#include <linux/math64.h>
#include <linux/time64.h>

/* The average moves by a quarter of the difference; towards zero it ends there. */
static void est_step(u64 *rate, u64 delta, u64 elapsed_ns)
{
	u64 now = mul_u64_u64_div_u64(delta << OPVS_EST_SHIFT, NSEC_PER_SEC,
				      elapsed_ns);

	if (now >= *rate)
		*rate += (now - *rate) >> 2;
	else
		*rate -= (*rate - now + 3) >> 2;
}

/**
 * opvs_est_update() - take a new sample of an object's raw totals
 * @est: estimator; cfg_lock
 * @now: raw totals
 * @now_ns: monotonic time of the sample
 *
 * The first sample only sets the base.
 *
 * Context: process.
 */
void opvs_est_update(struct opvs_est *est, const struct opvs_totals *now,
		     u64 now_ns)
{
	u64 elapsed = now_ns - est->stamp_ns;

	if (est->stamp_ns && elapsed) {
		est_step(&est->rate.conns, now->conns - est->last.conns,
			 elapsed);
		est_step(&est->rate.inpkts, now->inpkts - est->last.inpkts,
			 elapsed);
		est_step(&est->rate.outpkts, now->outpkts - est->last.outpkts,
			 elapsed);
		est_step(&est->rate.inbytes, now->inbytes - est->last.inbytes,
			 elapsed);
		est_step(&est->rate.outbytes, now->outbytes - est->last.outbytes,
			 elapsed);
	}
	est->last = *now;
	est->stamp_ns = now_ns;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_est_update);

static u64 est_round(u64 rate)
{
	return (rate + (1 << (OPVS_EST_SHIFT - 1))) >> OPVS_EST_SHIFT;
}

/**
 * opvs_est_read() - the rates as clients see them
 * @est: estimator; cfg_lock
 * @rates: per second, rounded
 *
 * Context: process.
 */
void opvs_est_read(const struct opvs_est *est, struct opvs_rates *rates)
{
	rates->cps = est_round(est->rate.conns);
	rates->inpps = est_round(est->rate.inpkts);
	rates->outpps = est_round(est->rate.outpkts);
	rates->inbps = est_round(est->rate.inbytes);
	rates->outbps = est_round(est->rate.outbytes);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_est_read);
