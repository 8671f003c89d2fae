#!/usr/bin/python3
"""Boot the guest that conf.sh describes (environment), let it crash with sysrq-c, dump it with QEMU as ELF.
Results: $OUT/{console.log,meta.json,qemu-registers.txt} and $B/vmcore.elf."""
import json, os, re, shutil, socket, struct, subprocess, sys, time
E = os.environ
out, b = E["OUT"], E["B"]
os.makedirs(out, exist_ok=True)
scn = E.get("SCENARIO", "sysrq")
timeout = int(E.get("TIMEOUT", "400"))
disk, stage = b + "/disk.img", b + "/stage"
for f in (disk, b + "/vmcore.elf", out + "/console.log", out + "/vmcoreinfo.txt", out + "/vmcoreinfo.guest.txt"):
    if os.path.exists(f): os.unlink(f)
os.makedirs(stage, exist_ok=True)
subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", stage + "/loop.img", "4M"], check=True)
subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", "labdata", "-d", stage, disk, "64M"], check=True)
append = f"console={E['CON']} panic=0 labscn={scn} labprof={E.get('PROFILE', 'full')} {E['APPEND']}"
if E["KASLR"] != "1":
    append += " nokaslr"
sock = f"/tmp/mx-qmp-{os.getpid()}"
cmd = E["QEMU"].split() + ["-accel", "tcg,thread=multi", "-cpu", E["CPU"], "-m", E["MEM"], "-smp", E["SMP"], "-machine", E["MACHINE"],
       "-display", "none", "-no-reboot", "-nodefaults", "-action", "panic=pause", "-serial", f"file:{out}/console.log",
       "-qmp", f"unix:{sock},server,nowait",
       "-drive", f"file={disk},if=none,id=d0,format=raw,cache=unsafe", "-device", E["DISK"] + ",drive=d0",
       "-netdev", "user,id=n0,restrict=on", "-device", E["NIC"] + ",netdev=n0" + (",romfile=" if "pci" in E["NIC"] else ""),
       "-kernel", E["VMLINUZ"], "-initrd", b + "/initrd.gz", "-append", append]
if E["CON"] == "ttysclp0":
    i = cmd.index("-serial"); cmd[i:i + 2] = ["-chardev", f"file,id=c0,path={out}/console.log", "-device", "sclpconsole,chardev=c0"]
if E["CON"] == "hvc0":
    i = cmd.index("-serial"); cmd[i:i + 2] = ["-chardev", f"file,id=c0,path={out}/console.log", "-device", "spapr-vty,chardev=c0"]
if E["VMCI"] == "1":
    cmd += ["-device", "vmcoreinfo"]
t0 = time.time()
q = subprocess.Popen(cmd)

class Qmp:
    def __init__(self):
        for _ in range(200):
            try:
                self.s = socket.socket(socket.AF_UNIX); self.s.connect(sock); break
            except OSError:
                time.sleep(0.1)
        self.f = self.s.makefile("rw")
        json.loads(self.f.readline()); self("qmp_capabilities")
    def __call__(self, what, **args):
        self.f.write(json.dumps({"execute": what, "arguments": args}) + "\n"); self.f.flush()
        while True:
            r = json.loads(self.f.readline())
            if "error" in r: raise RuntimeError(f"{what}: {r['error']}")
            if "return" in r: return r["return"]

def console():
    try: return open(out + "/console.log", errors="replace").read()
    except OSError: return ""

def wait(pattern):
    end = time.time() + timeout
    while time.time() < end:
        if re.search(pattern, console()): return True
        if qmp("query-status")["status"] == "guest-panicked":	# s390x, pseries: the panic stops the machine itself
            return "Kernel panic" in console()
        if q.poll() is not None: return bool(re.search(pattern, console()))
        time.sleep(0.3)
    return False

# e_machine of machines whose QEMU has no dump-guest-memory; all of their memory is at physical address 0.
PLAIN = {"mips64el": 8}

def saved_as_elf(qmp):
    """Writes the guest's memory as an ELF core of one segment and no notes. Returns whether the machine is known."""
    if E["ARCH"] not in PLAIN: return False
    size = int(E["MEM"]) << 20
    qmp("pmemsave", val=0, size=size, filename=b + "/memory")
    with open(b + "/vmcore.elf", "wb") as elf, open(b + "/memory", "rb") as memory:
        elf.write(b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 4, PLAIN[E["ARCH"]], 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0))
        elf.write(struct.pack("<IIQQQQQQ", 1, 7, 4096, 0, 0, size, size, 0).ljust(4096 - 64, b"\0"))
        shutil.copyfileobj(memory, elf)
    os.unlink(b + "/memory")
    return True

r = {"name": E["NAME"], "arch": E["ARCH"], "krel": E["KREL"], "mem_mb": int(E["MEM"]), "smp": int(E["SMP"]), "cpu": E["CPU"], "machine": E["MACHINE"],
     "scenario": scn, "qemu": cmd, "vmlinux": E["VMLINUX"]}
ok = False
try:
    qmp = Qmp()
    ok = wait(r"lab: ready" if scn == "none" else r"end Kernel panic|---\[ end Kernel")
    time.sleep(1)
    r["status"] = qmp("query-status")["status"]
    try: qmp("stop")
    except RuntimeError as e: print(e)
    r["dump_seconds"] = time.time()
    try:
        qmp("dump-guest-memory", paging=False, protocol=f"file:{b}/vmcore.elf")
        r["dump_seconds"] = round(time.time() - r["dump_seconds"], 2)
    except RuntimeError as e:
        r["dump_error"] = str(e)
        ok = ok and saved_as_elf(qmp)
    # QEMU's own kdump format (flattened): makedumpfile may not know the architecture
    try: qmp("dump-guest-memory", paging=False, protocol=f"file:{b}/vmcore.flat", format="kdump-zlib")
    except RuntimeError as e:
        r["kdump_error"] = str(e)
        if os.path.exists(b + "/vmcore.flat"): os.unlink(b + "/vmcore.flat")	# QEMU has made an empty file
    regs = []
    for c in qmp("query-cpus-fast"):
        regs.append(qmp("human-monitor-command", **{"command-line": "info registers", "cpu-index": c["cpu-index"]}))
    open(out + "/qemu-registers.txt", "w").write("\n".join(regs).replace("\r", ""))
    qmp("quit")
finally:
    try: q.wait(10)
    except subprocess.TimeoutExpired: q.kill(); q.wait()
    if os.path.exists(sock): os.unlink(sock)
os.unlink(disk)
m = re.search(r"Kernel panic - not syncing: (.*)", console())
r.update(ok=ok, wall_s=round(time.time() - t0, 1), panic=m.group(1).strip() if m else None)
if os.path.exists(b + "/vmcore.elf"):
    r["elf_bytes"] = os.path.getsize(b + "/vmcore.elf")
    data = open(b + "/vmcore.elf", "rb").read(1 << 20)
    r["vmcoreinfo_note"] = b"VMCOREINFO" in data
    i = data.find(b"OSRELEASE=")
    if r["vmcoreinfo_note"] and i >= 0:
        open(out + "/vmcoreinfo.txt", "wb").write(data[i:data.find(b"\0", i)].rpartition(b"\n")[0] + b"\n")
    m = re.search(r"lab: vmcoreinfo (0x[0-9a-f]+)", console())
    if not r["vmcoreinfo_note"] and m:	# no fw_cfg in this guest: the text is in its memory all the same
        t = subprocess.run([os.path.dirname(os.path.abspath(__file__)) + "/fix-elf.py", "--extract", b + "/vmcore.elf", m.group(1)], stdout=subprocess.PIPE)
        if t.returncode == 0: open(out + "/vmcoreinfo.guest.txt", "wb").write(t.stdout)
json.dump(r, open(out + "/meta.json", "w"), indent=1)
print(json.dumps({k: r.get(k) for k in ("name", "ok", "panic", "status", "wall_s", "elf_bytes", "vmcoreinfo_note", "dump_error")}))
sys.exit(0 if ok else 1)
