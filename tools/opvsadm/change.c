// SPDX-License-Identifier: GPL-2.0-only
/* Changes of single things of a service, all else kept. */
#include "change.h"

#include "adm.h"

#include <errno.h>
#include <stdlib.h>

/* An edit replaces what it does not name, so all is named. */
static int put(struct nl_msg *msg, const struct snap_service *service,
	       const struct change_service *change)
{
	struct ip_vs_flags flags = { .flags = service->flags, .mask = ~0U };
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(msg, IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED);
	err = name_put_service(msg, &service->name);
	err |= nla_put_string(msg, IPVS_SVC_ATTR_SCHED_NAME, service->sched);
	err |= nla_put(msg, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
	err |= nla_put_u32(msg, IPVS_SVC_ATTR_TIMEOUT, service->timeout);
	err |= nla_put_u32(msg, IPVS_SVC_ATTR_NETMASK, service->netmask);
	if (service->engine[0])
		err |= nla_put_string(msg, IPVS_SVC_ATTR_PE_NAME,
				      service->engine);
	if (change->policy)
		err |= nla_put_string(msg, OPVS_SVC_ATTR_POLICY,
				      change->policy);
	if (change->limit)
		err |= nla_put_u32(msg, OPVS_SVC_ATTR_CONN_MAX, *change->limit);
	nla_nest_end(msg, nest);
	return err;
}

static int change_one(struct adm_nl *nl, const struct change_service *change,
		      const struct snap_service *service, const char *name)
{
	struct nl_msg *msg = adm_request(nl, OPVS_CMD_SET_SERVICE, 0);
	int err;

	if (msg && put(msg, service, change)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	err = adm_talk(nl, msg, &adm_message, NULL, NULL);
	if (!err)
		return ADM_OK;
	if (err == -ENOENT && change->policy)
		adm_err("no policy '%s'; 'opvsadm policy' shows all",
			change->policy);
	else
		adm_err("%s cannot be changed: %s", name, adm_reason(nl, err));
	return ADM_FAILED;
}

/* All names are looked up before the first service is changed. */
static int change_found(struct adm_nl *nl, const struct change_service *change,
			int count, char **names, const struct snap *snap)
{
	const struct snap_service **found = calloc(count, sizeof(*found));
	int i, status = found ? ADM_OK : ADM_FAILED;

	if (!found)
		adm_err("no memory");
	for (i = 0; i < count && !status; i++) {
		found[i] = snap_find(snap, names[i]);
		if (!found[i])
			status = ADM_FAILED;
	}
	for (i = 0; i < count && !status; i++)
		status = change_one(nl, change, found[i], names[i]);
	free(found);
	return status;
}

/**
 * change_services() - changes something of services
 * @change: what
 * @count: how many services
 * @names: as the user wrote them
 *
 * Return: a status of the program; the user was told what went wrong.
 */
int change_services(const struct change_service *change, int count,
		    char **names)
{
	int status = ADM_FAILED;
	struct adm_nl nl;
	struct snap snap;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	if (snap_services(&nl, &snap) == 0)
		status = change_found(&nl, change, count, names, &snap);
	snap_free(&snap);
	adm_close(&nl);
	return status;
}
