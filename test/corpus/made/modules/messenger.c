// SPDX-License-Identifier: MIT OR GPL-2.0
/* A client of a remote procedure that is never answered. */
#include <linux/in.h>
#include <linux/sunrpc/clnt.h>
#include "control.h"

static void messenger_encode(struct rpc_rqst *request, struct xdr_stream *stream, const void *argument)
{
}

static int messenger_decode(struct rpc_rqst *request, struct xdr_stream *stream, void *result)
{
	return 0;
}

static const struct rpc_procinfo messenger_procedures[] = {
	{ .p_encode = messenger_encode, .p_decode = messenger_decode, .p_name = "DELIVER" },
};
static unsigned int messenger_counts[ARRAY_SIZE(messenger_procedures)];
static const struct rpc_version messenger_version = {
	.number = 1,
	.nrprocs = ARRAY_SIZE(messenger_procedures),
	.procs = messenger_procedures,
	.counts = messenger_counts,
};
static const struct rpc_version *messenger_versions[] = { NULL, &messenger_version };
static struct rpc_stat messenger_stat;
static const struct rpc_program messenger_program = {
	.name = "messenger",
	.number = 400123,
	.nrvers = ARRAY_SIZE(messenger_versions),
	.version = messenger_versions,
	.stats = &messenger_stat,
};

static void messenger_done(struct rpc_task *task, void *data)
{
}

static const struct rpc_call_ops messenger_ops = { .rpc_call_done = messenger_done };

static int messenger_send(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(5004),
	};
	struct rpc_create_args arguments = {
		.net = &init_net,
		.protocol = XPRT_TRANSPORT_TCP,
		.address = (struct sockaddr *)&address,
		.addrsize = sizeof(address),
		.servername = "depot",
		.program = &messenger_program,
		.version = 1,
		.authflavor = RPC_AUTH_NULL,
		.cred = current_cred(),
		.flags = RPC_CLNT_CREATE_NOPING | RPC_CLNT_CREATE_HARDRTRY,
	};
	struct rpc_message message = { .rpc_proc = &messenger_procedures[0] };
	struct rpc_clnt *client = rpc_create(&arguments);

	if (IS_ERR(client))
		return PTR_ERR(client);
	return rpc_call_async(client, &message, 0, &messenger_ops, NULL);
}

static const struct request requests[] = {
	{ "send", messenger_send },
	{ }
};

static int __init messenger_init(void)
{
	return control_create();
}
module_init(messenger_init);
MODULE_LICENSE("Dual MIT/GPL");
