import assert from "node:assert/strict";
import { test } from "node:test";
import { installAdvice } from "../../../src/session/find/distribution.ts";

const cases: readonly (readonly [release: string, version: string, distribution: string | undefined, step: string])[] =
  [
    [
      "6.1.0-56-cloud-amd64",
      "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)",
      "Debian",
      "apt-get install linux-image-6.1.0-56-cloud-amd64-dbg=6.1.192-2",
    ],
    [
      "5.15.0-91-generic",
      "#101~20.04.1-Ubuntu SMP Thu Nov 16 14:22:28 UTC 2023",
      "Ubuntu",
      "apt-get install linux-image-5.15.0-91-generic-dbgsym",
    ],
    [
      "6.5.6-300.fc39.x86_64",
      "#1 SMP PREEMPT_DYNAMIC Fri Oct  6 19:57:21 UTC 2023",
      "Fedora",
      "dnf install --enablerepo='*debug*' kernel-debuginfo-6.5.6-300.fc39.x86_64",
    ],
    [
      "5.14.0-503.11.1.el9_5.x86_64+rt",
      "#1 SMP PREEMPT_RT Tue Nov 12 09:26:13 EST 2024",
      "Red Hat Enterprise Linux or a related distribution",
      "dnf install --enablerepo='*debug*' kernel-rt-debuginfo-5.14.0-503.11.1.el9_5.x86_64",
    ],
    [
      "6.4.0-150600.23.7-default",
      "#1 SMP PREEMPT_DYNAMIC Wed Jul  3 08:56:48 UTC 2024 (6b3b0d2)",
      "SUSE",
      "zypper --plus-content debug search -s kernel-default-debuginfo",
    ],
    [
      "6.9.7-arch1-1",
      "#1 SMP PREEMPT_DYNAMIC Fri, 28 Jun 2024 04:32:50 +0000",
      "Arch Linux",
      "Arch has no debuginfo packages of its kernel, but serves the files by debuginfod.",
    ],
    [
      "6.12.0-rc3+",
      "#7 SMP Mon Oct 14 10:00:00 CEST 2024",
      undefined,
      "The vmlinux is in the top directory where this kernel was built: get it from there and name it with --vmlinux.",
    ],
  ];

for (const [release, version, distribution, step] of cases) {
  test(`the distribution of ${release} is ${distribution ?? "unknown"}, and the package with its debuginfo is named`, () => {
    const advice = installAdvice(release, version);
    assert.deepEqual([advice.distribution, advice.steps[0]], [distribution, step]);
  });
}

test("the remedy for Debian names the archive of old packages with the exact version", () => {
  const { steps } = installAdvice("6.12.9+bpo-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.9-1~bpo12+1 (2025-01-19)");
  assert.match(steps[1]!, /https:\/\/snapshot\.debian\.org\/package\/linux\/6\.12\.9-1~bpo12\+1\/$/);
});

test("of a release that would be more than a name in a shell no command is made", () => {
  for (const release of [
    "6.1.0-1;id|sh",
    "6.1.0-1-$(id)",
    "6.1.0 -y evil",
    "6.1.0\u001b[2J",
    "--enablerepo=x.fc39",
    "",
  ]) {
    const { distribution, steps } = installAdvice(release, "#1 SMP Debian 6.1.192-2 (2026-11-16)");
    assert.equal(distribution, undefined, release);
    assert.ok(!steps.some((step) => step.includes("apt-get")), release);
  }
});
