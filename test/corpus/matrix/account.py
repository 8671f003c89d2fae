"""What drgn answers about a dump, as JSON on standard output; with arguments MACHINE VMLINUX, the layout of structures."""
import json
import sys

from drgn import Architecture, Platform, PlatformFlags, Program, TypeKind

STRUCTS = [
    "task_struct", "mm_struct", "page", "module", "file", "inode", "dentry", "super_block", "mount", "kmem_cache", "rq",
    "net_device", "sk_buff", "vm_area_struct", "zone", "pglist_data", "work_struct", "timer_list", "cred", "signal_struct",
]
ARCHITECTURES = {
    "x86_64": Architecture.X86_64, "i386": Architecture.I386, "arm64": Architecture.AARCH64, "arm": Architecture.ARM,
    "riscv64": Architecture.RISCV64, "ppc64le": Architecture.PPC64, "s390x": Architecture.S390X,
}


# drgn reads the types of a machine that it does not know.
UNKNOWN = Platform(Architecture.UNKNOWN, PlatformFlags.IS_64_BIT | PlatformFlags.IS_LITTLE_ENDIAN)


def layouts(machine, vmlinux):
    program = Program(Platform(ARCHITECTURES[machine]) if machine in ARCHITECTURES else UNKNOWN)
    kernel = program.extra_module("kernel", create=True)
    kernel.address_range = (0, (1 << (64 if machine not in ("i386", "arm") else 32)) - 1)
    kernel.try_file(vmlinux, force=True)
    found = {}
    for name in STRUCTS:
        kind = program.type("struct " + name)
        found[name] = {
            "size": kind.size,
            "members": {m.name: m.bit_offset // 8 for m in kind.members if m.name and m.bit_field_size is None},
        }
    return found


def account(prog):
    from drgn.helpers.linux import for_each_task
    from drgn.helpers.linux.module import for_each_module
    from drgn.helpers.linux.printk import get_dmesg
    from drgn.helpers.linux.slab import for_each_slab_cache

    def attempt(run):
        try:
            return run()
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    tasks = attempt(lambda: list(for_each_task(prog)))
    found = {
        "tasks": tasks if isinstance(tasks, str) else [[t.pid.value_(), t.comm.string_().decode()] for t in tasks],
        "modules": attempt(lambda: sorted(m.name.string_().decode() for m in for_each_module(prog))),
        "log": attempt(lambda: len(get_dmesg(prog).splitlines())),
        "slabs": attempt(lambda: sorted(c.name.string_().decode() for c in for_each_slab_cache(prog))),
    }
    if not isinstance(tasks, str):
        found["stacks"] = [attempt(lambda t=t: len(prog.stack_trace(t))) for t in tasks]
    return found


if len(sys.argv) > 2:
    json.dump(layouts(sys.argv[1], sys.argv[2]), sys.stdout)
else:
    json.dump(account(prog), sys.stdout)
