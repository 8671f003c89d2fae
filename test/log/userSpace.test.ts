import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { splitLines } from "../../src/log/lines.ts";

/** Texts of user programs that use the words of the kernel's reports; none is one. */
const TEXTS: Readonly<Record<string, string>> = {
  apt: `Start-Date: 2024-03-05  10:11:12
Commandline: apt-get install linux-image-amd64
Install: linux-image-6.1.0-18-amd64:amd64 (6.1.76-1, automatic)
WARNING: The following packages cannot be authenticated!
End-Date: 2024-03-05  10:12:02`,
  dpkg: `2024-03-05 10:11:12 startup archives unpack
2024-03-05 10:11:12 status half-installed linux-base:all 4.9
2024-03-05 10:11:13 configure linux-base:all 4.9 <none>
2024-03-05 10:11:13 status installed linux-base:all 4.9`,
  nginx: `2024/03/05 10:11:12 [error] 812#812: *17 open() "/srv/BUG: unable to handle" failed (2: No such file or directory)
2024/03/05 10:11:13 [alert] 811#811: worker process 812 exited on signal 11 (core dumped)
10.0.0.7 - - [05/Mar/2024:10:11:12 +0100] "GET /oops HTTP/1.1" 200 612 "-" "curl/8.5"`,
  postgresql: `2024-03-05 10:11:12.345 CET [812] PANIC:  could not write to file "pg_wal/xlogtemp.812": No space left on device
2024-03-05 10:11:12.346 CET [811] LOG:  server process (PID 812) was terminated by signal 6: Aborted
2024-03-05 10:11:12.346 CET [811] WARNING:  terminating connection because of crash of another server process
2024-03-05 10:11:12.347 CET [811] INFO:  task done`,
  systemd: `Mar 05 10:11:12 host systemd[1]: acme.service: Main process exited, code=killed, status=9/KILL
Mar 05 10:11:12 host systemd[1]: acme.service: A process of this unit has been killed by the OOM killer.
Mar 05 10:11:12 host systemd-oomd[512]: Killed /user.slice/user-1000.slice due to memory used (8123) / total (8190)
Mar 05 10:11:13 host abrt-dump-journal-oops[700]: BUG: soft lockup - CPU#0 stuck for 22s! [acmed:1580]`,
  java: `Exception in thread "main" java.lang.NullPointerException: Cannot invoke "Acme.run()"
	at com.acme.Main.main(Main.java:17)
	at java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
# A fatal error has been detected by the Java Runtime Environment:
#  SIGSEGV (0xb) at pc=0x00007f21b3a4c0d1, pid=812, tid=813
# C  [libacme.so+0x10d1]  acme_run+0x21
Stack: [0x00007f21b2000000,0x00007f21b2100000],  sp=0x00007f21b20fe8d0,  free space=1018k`,
  python: `Traceback (most recent call last):
  File "/srv/acme.py", line 12, in <module>
    main()
  File "/srv/acme.py", line 8, in main
    raise RuntimeError("general protection fault")
RuntimeError: general protection fault`,
  "address sanitizer": `=================================================================
==812==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x0000004f8b4c bp 0x7ffd sp 0x7ffc
READ of size 4 at 0x602000000010 thread T0
    #0 0x4f8b4b in main /srv/acme.c:9:10
    #1 0x7f21b3a4c0d1 in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x270d1)
freed by thread T0 here:
    #0 0x4c5a2d in free (/srv/acme+0x4c5a2d)
SUMMARY: AddressSanitizer: heap-use-after-free /srv/acme.c:9:10 in main`,
  "undefined behaviour sanitizer": `acme.c:9:14: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'
SUMMARY: UndefinedBehaviorSanitizer: undefined-behavior acme.c:9:14 in`,
  "thread sanitizer": `==================
WARNING: ThreadSanitizer: data race (pid=812)
  Write of size 4 at 0x55d4 by thread T1:
    #0 worker /srv/acme.c:7 (acme+0x12f8)
  Previous read of size 4 at 0x55d4 by main thread:
    #0 main /srv/acme.c:14 (acme+0x1345)
==================`,
  valgrind: `==812== Invalid read of size 4
==812==    at 0x10915E: main (acme.c:9)
==812==  Address 0x4a4b040 is 0 bytes inside a block of size 4 free'd
==812== LEAK SUMMARY:`,
  "a build": `vmcore-debug: tsc -p src
npm WARN deprecated inflight@1.0.6: This module is not supported
warning: unused variable: "oops"
✔ Kernel panic - not syncing is a panic (0.3 ms)
ℹ tests 812
WARNING in ./src/panels/log.ts 17:4-19
make: *** [Makefile:17: all] Error 2`,
  gdb: `Program received signal SIGSEGV, Segmentation fault.
0x000055d4c0ffee00 in acme_run (a=0x0) at acme.c:9
#0  0x000055d4c0ffee00 in acme_run (a=0x0) at acme.c:9
#1  0x000055d4c0ffee21 in main () at acme.c:17
rip            0x55d4c0ffee00      0x55d4c0ffee00 <acme_run+17>`,
  go: `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b1c2]
goroutine 1 [running]:
main.main()
	/srv/acme.go:9 +0x22
exit status 2`,
  rust: `thread 'main' panicked at src/main.rs:2:5:
attempt to subtract with overflow
note: run with RUST_BACKTRACE=1 environment variable to display a backtrace
stack backtrace:
   0: std::panicking::begin_panic
             at /rustc/lib/std/src/panicking.rs:600:12
   1: acme::main`,
  mysql: `2024-03-05T10:11:12.345678Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.
2024-03-05T10:11:13.345678Z 0 [ERROR] [MY-012592] [InnoDB] Operating system error number 2 in a file operation.
InnoDB: Assertion failure in thread 139 in file row0mysql.cc line 812`,
  sshd: `Mar  5 10:11:12 host sshd[812]: Accepted publickey for acme from 10.0.0.7 port 50022 ssh2
Mar  5 10:11:12 host sshd[812]: WARNING: /etc/ssh/moduli does not exist, using fixed modulus
Mar  5 10:11:13 host CRON[813]: (root) CMD (test -x /usr/sbin/anacron)`,
  docker: `2024-03-05T10:11:12.345678901Z {"level":"info","msg":"BUG: fixed in 1.2"}
2024-03-05T10:11:13.345678901Z level=warning msg="INFO: task acme:7 done"
2024-03-05T10:11:14.345678901Z Error response from daemon: OCI runtime create failed`,
  "a mail": `Hi all,
since yesterday we see "BUG: soft lockup - CPU#0 stuck for 22s!" in our logs, and a kernel panic once.
> Kernel panics are no fun, indeed.
Is it a known kernel BUG at fs/acme.c? WARNING: I have not read the source.`,
  cmake: `CMake Warning at CMakeLists.txt:17 (message):
  WARNING: no debug information
-- Configuring done
[ 50%] Building C object CMakeFiles/acme.dir/acme.c.o
[100%] Linking C executable acme`,
};

for (const [name, text] of Object.entries(TEXTS)) {
  test(`nothing is found in a log of user space: ${name}`, () => {
    const log = KernelLog.of(splitLines(text));
    assert.deepEqual(
      log.reports.map(({ at }) => log.lines[at]?.text),
      [],
    );
  });
}
