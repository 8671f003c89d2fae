// SPDX-License-Identifier: MIT
/*
 * Loads BPF programs and has one run: `bpf` keeps a socket filter and an fentry program on __x64_sys_sethostname loaded,
 * both of which call bpf_ktime_get_ns(), and calls sethostname() until the kernel dies of it.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/btf.h>

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* The id of a function in the kernel's BTF. */
static unsigned function_id(const char *name)
{
	static char bytes[64 << 20];
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY);
	size_t length = 0;
	ssize_t got;
	while (fd >= 0 && (got = read(fd, bytes + length, sizeof bytes - length)) > 0)
		length += got;
	struct btf_header *header = (void *)bytes;
	const char *strings = bytes + header->hdr_len + header->str_off;
	char *at = bytes + header->hdr_len + header->type_off, *end = at + header->type_len;
	for (unsigned id = 1; length && at < end; id++) {
		struct btf_type *type = (void *)at;
		unsigned kind = BTF_INFO_KIND(type->info), count = BTF_INFO_VLEN(type->info);
		if (kind == BTF_KIND_FUNC && !strcmp(strings + type->name_off, name))
			return id;
		at += sizeof *type;
		switch (kind) {
		case BTF_KIND_INT: case BTF_KIND_VAR: case 17 /* DECL_TAG */: at += 4; break;
		case BTF_KIND_ARRAY: at += sizeof(struct btf_array); break;
		case BTF_KIND_STRUCT: case BTF_KIND_UNION: case BTF_KIND_DATASEC: case 19 /* ENUM64 */: at += 12 * count; break;
		case BTF_KIND_ENUM: case BTF_KIND_FUNC_PROTO: at += 8 * count; break;
		}
	}
	return 0;
}

static int load(int type, const char *name, unsigned attach)
{
	static char log[4096];
	static const struct bpf_insn body[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { 0 };
	attr.prog_type = type;
	attr.insns = (unsigned long)body;
	attr.insn_cnt = sizeof body / sizeof *body;
	attr.license = (unsigned long)"GPL";
	attr.log_level = 1;
	attr.log_buf = (unsigned long)log;
	attr.log_size = sizeof log;
	strcpy(attr.prog_name, name);
	if (attach) {
		attr.attach_btf_id = attach;
		attr.expected_attach_type = BPF_TRACE_FENTRY;
	}
	int fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		printf("lab: %s cannot be loaded: %s\n", name, log), perror("bpf");
	return fd;
}

int main(void)
{
	int pair[2], filter = load(BPF_PROG_TYPE_SOCKET_FILTER, "lab_filter", 0);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof filter);
	int watch = load(BPF_PROG_TYPE_TRACING, "lab_watch", function_id("__x64_sys_sethostname"));
	union bpf_attr attr = { 0 };
	attr.raw_tracepoint.prog_fd = watch;
	int link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	printf("lab: filter %d, program %d, link %d\n", filter, watch, link);
	fflush(stdout);
	for (;;) {
		sethostname("lab-guest", 9);
		usleep(100000);
	}
}
