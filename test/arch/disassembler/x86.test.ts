import assert from "node:assert/strict";
import { test } from "node:test";
import { disassembler } from "../../../src/arch/disassembler/disassembler.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { drive } from "../../../src/base/job.ts";

const load = (...args: Parameters<typeof disassembler>) => drive(disassembler(...args), new AbortController().signal);

/** Bytes and how objdump of binutils 2.47 spells them. */
const spelt: readonly (readonly [bytes: string, text: string])[] = [
  ["0f01e8", "serialize"],
  ["f20f38f818", "enqcmd (%rax),%rbx"],
  ["f30f38f85810", "enqcmds 0x10(%rax),%rbx"],
  ["660f38f818", "movdir64b (%rax),%rbx"],
  ["480f38f903", "movdiri %rax,(%rbx)"],
  ["f20f01ff", "pvalidate"],
  ["f30f01fe", "rmpadjust"],
  ["f20f01fe", "rmpupdate (%rcx),%rax"],
  ["f30f01ff", "psmash"],
  ["f30f01fd", "rmpquery"],
  ["f20f01fd", "rmpread %rax,(%rcx)"],
  ["660f01cc", "tdcall"],
  ["660f01cd", "seamret"],
  ["660f01ce", "seamops"],
  ["660f01cf", "seamcall"],
  ["f30f3af0c000", "hreset $0x0"],
  ["f30f01ec", "uiret"],
  ["f30f01ed", "testui"],
  ["f30f01ee", "clui"],
  ["f30f01ef", "stui"],
  ["f30fc7f0", "senduipi %rax"],
  ["f3410fc7f1", "senduipi %r9"],
  ["0f01c6", "wrmsrns"],
  ["f20f01c6", "rdmsrlist"],
  ["f30f01c6", "wrmsrlist"],
  ["0f01fd", "rdpru"],
  ["0f01ff", "tlbsync"],
  ["0f01fe", "invlpgb"],
  ["f30f01d9", "vmgexit"],
  ["f30f01fa", "mcommit"],
  ["0f183d34120000", "prefetchit0 0x1234(%rip)"],
  ["0f183534120000", "prefetchit1 0x1234(%rip)"],
  ["c4e2784900", "ldtilecfg (%rax)"],
  ["c4e27949442440", "sttilecfg 0x40(%rsp)"],
  ["c4e27849c0", "tilerelease"],
  ["c4e27b49d8", "tilezero %tmm3"],
  ["c4e27b4b0c18", "tileloadd (%rax,%rbx,1),%tmm1"],
  ["c4e2794b4c5810", "tileloaddt1 0x10(%rax,%rbx,2),%tmm1"],
  ["c4e27a4b0c18", "tilestored %tmm1,(%rax,%rbx,1)"],
  ["c4e2725cda", "tdpbf16ps %tmm1,%tmm2,%tmm3"],
  ["c4e2735eda", "tdpbssd %tmm1,%tmm2,%tmm3"],
  ["c4e2725eda", "tdpbsud %tmm1,%tmm2,%tmm3"],
  ["c4e2715eda", "tdpbusd %tmm1,%tmm2,%tmm3"],
  ["c4e2705eda", "tdpbuud %tmm1,%tmm2,%tmm3"],
  ["c4e2735cda", "tdpfp16ps %tmm1,%tmm2,%tmm3"],
  ["c4e2716cda", "tcmmimfp16ps %tmm1,%tmm2,%tmm3"],
  ["c4e2706cda", "tcmmrlfp16ps %tmm1,%tmm2,%tmm3"],
  ["c4e2f9e619", "cmpbexadd %rax,%rbx,(%rcx)"],
  ["c4e279e25910", "cmpbxadd %eax,%ebx,0x10(%rcx)"],
  ["c4e279ec19", "cmplxadd %eax,%ebx,(%rcx)"],
  ["c4e279e519", "cmpnexadd %eax,%ebx,(%rcx)"],
  ["c4c279e019", "cmpoxadd %eax,%ebx,(%r9)"],
  ["f30f38dc4810", "aesenc128kl 0x10(%rax),%xmm1"],
  ["f30f38de08", "aesenc256kl (%rax),%xmm1"],
  ["f30f38dd08", "aesdec128kl (%rax),%xmm1"],
  ["f30f38df08", "aesdec256kl (%rax),%xmm1"],
  ["f30f38d800", "aesencwide128kl (%rax)"],
  ["f30f38d810", "aesencwide256kl (%rax)"],
  ["f30f38d808", "aesdecwide128kl (%rax)"],
  ["f30f38d818", "aesdecwide256kl (%rax)"],
  ["f30f38fad8", "encodekey128 %eax,%ebx"],
  ["f30f38fbd8", "encodekey256 %eax,%ebx"],
  ["f30f38dcd1", "loadiwkey %xmm1,%xmm2"],
  ["62f26f4868d1", "vp2intersectd %zmm1,%zmm2,%k2"],
  ["62f2ef2868d1", "vp2intersectq %ymm1,%ymm2,%k2"],
  ["62f56c4858d9", "vaddph %zmm1,%zmm2,%zmm3"],
  ["62f56ca95818", "vaddph (%rax),%ymm2,%ymm3{%k1}{z}"],
  ["62f56e0858d9", "vaddsh %xmm1,%xmm2,%xmm3"],
  ["62f66d4898d9", "vfmadd132ph %zmm1,%zmm2,%zmm3"],
  ["62f56e0810d9", "vmovsh %xmm1,%xmm2,%xmm3"],
  ["62f57d086ec8", "vmovw %eax,%xmm1"],
  ["62f67d2813d1", "vcvtph2psx %xmm1,%ymm2"],
  ["62f66f4856d9", "vfcmaddcph %zmm1,%zmm2,%zmm3"],
  ["62f36c48c2c901", "vcmpltph %zmm1,%zmm2,%k1"],
  ["f20f01ca", "erets"],
  ["f30f01ca", "eretu"],
  ["f20f00f0", "lkgs %ax"],
  ["f20f0030", "lkgs (%rax)"],
  ["f20f01e8", "xsusldtrk"],
  ["f20f01e9", "xresldtrk"],
  ["0f01fc", "clzero"],
  ["0f01fa", "monitorx %rax,%ecx,%edx"],
  ["0f01fb", "mwaitx %eax,%ecx,%ebx"],
  ["660faef0", "tpause %eax"],
  ["f20faef0", "umwait %eax"],
  ["f30faef0", "umonitor %rax"],
  ["f30f09", "wbnoinvd"],
  ["0f1c00", "cldemote (%rax)"],
  ["660fae30", "clwb (%rax)"],
  ["f3480faee0", "ptwrite %rax"],
  ["f30fc7f8", "rdpid %rax"],
  ["f3480f1ec8", "rdsspq %rax"],
  ["f3480faee8", "incsspq %rax"],
  ["f30f01ea", "saveprevssp"],
  ["f30f0128", "rstorssp (%rax)"],
  ["480f38f603", "wrssq %rax,(%rbx)"],
  ["66480f38f503", "wrussq %rax,(%rbx)"],
  ["f30f01e8", "setssbsy"],
  ["f30fae30", "clrssbsy (%rax)"],
  ["f30f1efa", "endbr64"],
  ["f30f1efb", "endbr32"],
  ["0f01c5", "pconfig"],
  ["0f01c7", "pbndkb"],
  ["0f01cf", "encls"],
  ["0f01d7", "enclu"],
  ["0f01c0", "enclv"],
  ["0f37", "getsec"],
  ["480fc728", "xsaves64 (%rax)"],
  ["480fc718", "xrstors64 (%rax)"],
  ["660f388218", "invpcid (%rax),%rbx"],
  ["660f388018", "invept (%rax),%rbx"],
  ["0f01d4", "vmfunc"],
  ["0f01d9", "vmmcall"],
  ["0f01dc", "stgi"],
  ["0f01dd", "clgi"],
  ["0f01de", "skinit"],
  ["0f01df", "invlpga"],
  ["f3480faec0", "rdfsbase %rax"],
  ["f30faed8", "wrgsbase %eax"],
  ["0f01cb", "stac"],
  ["0f01ca", "clac"],
  ["0f01f8", "swapgs"],
  ["480f07", "sysretq"],
  ["0f07", "sysretl"],
  ["48cf", "iretq"],
  ["660f38fc03", "aand %eax,(%rbx)"],
  ["480f38fc03", "aadd %rax,(%rbx)"],
  ["f20f38fc03", "aor %eax,(%rbx)"],
  ["f30f38fc03", "axor %eax,(%rbx)"],
  ["c4e26f50d9", "vpdpbssd %ymm1,%ymm2,%ymm3"],
  ["c4e26cd2d9", "vpdpwuud %ymm1,%ymm2,%ymm3"],
  ["c4e27eb108", "vbcstnebf162ps (%rax),%ymm1"],
  ["c4e27eb008", "vcvtneebf162ps (%rax),%ymm1"],
  ["62f27e2872d1", "vcvtneps2bf16 %ymm1,%xmm2"],
  ["c4e26d50d9", "{vex} vpdpbusd %ymm1,%ymm2,%ymm3"],
  ["c4e2edb4d9", "{vex} vpmadd52luq %ymm1,%ymm2,%ymm3"],
  ["c4e26fcbd9", "vsha512rnds2 %xmm1,%ymm2,%ymm3"],
  ["c4e369ded901", "vsm3rnds2 $0x1,%xmm1,%xmm2,%xmm3"],
  ["c4e26adad9", "vsm4key4 %xmm1,%xmm2,%xmm3"],
  ["f20f38f8c3", "urdmsr %rax,%rbx"],
  ["f30f38f8d8", "uwrmsr %rax,%rbx"],
  ["c4e77bf8c31b000000", "urdmsr $0x1b,%rbx"],
  ["c4e77bf6c31b000000", "rdmsr $0x1b,%rbx"],
  ["c4e77af6c01b000000", "wrmsrns %rax,$0x1b"],
  ["0f1820", "prefetchrst2 (%rax)"],
  ["0fa7c0", "xstore-rng"],
  ["f30fa7c8", "repz xcrypt-ecb"],
  ["f30fa6c0", "repz montmul"],
  ["3effe0", "notrack jmp *%rax"],
  ["0fb9cc", "ud1 %esp,%ecx"],
  ["0fffd8", "ud0 %eax,%ebx"],
  ["0f0b", "ud2"],
  ["0f78c3", "vmread %rax,%rbx"],
  ["0fc730", "vmptrld (%rax)"],
  ["660f38cfd1", "gf2p8mulb %xmm1,%xmm2"],
  ["0f3accd101", "sha1rnds4 $0x1,%xmm1,%xmm2"],
  ["62f26d488fc9", "vpshufbitqmb %zmm1,%zmm2,%k1"],
  ["62f25f489a08", "v4fmaddps (%rax),%zmm4,%zmm1"],
  ["c4e3e169e120", "vfmaddpd %xmm1,%xmm2,%xmm3,%xmm4"],
  ["8fea6012c001000000", "lwpins $0x1,%eax,%ebx"],
  ["8fe9f812c0", "llwpcb %rax"],
  ["8fea7810d801000000", "bextr $0x1,%eax,%ebx"],
  ["8fe96001e0", "tzmsk %eax,%ebx"],
  ["c6f801", "xabort $0x1"],
  ["0f01d5", "xend"],
  ["0f01d6", "xtest"],
  ["0f0e", "femms"],
  ["0f0fd19e", "pfadd %mm1,%mm2"],
  ["0f0fc8bb", "pswapd %mm0,%mm1"],
  ["0faee8", "lfence"],
  ["0faef0", "mfence"],
  ["0faef8", "sfence"],
];

test("x86 instructions have the length and the text that binutils give them", async () => {
  const decoder = await load(x86_64);
  for (const [hex, text] of spelt) {
    const bytes = Buffer.from(hex, "hex");
    const [one, ...others] = decoder.instructions(Buffer.concat([bytes, Buffer.alloc(16, 0x90)]), 0n, 2);
    assert.equal(one && `${one.mnemonic} ${one.operands}`.trim(), text);
    assert.equal(one?.bytes.length, bytes.length, text);
    assert.equal(others[0]?.mnemonic, "nop", text);
  }
});

/** Of APX, AVX10.2, MOVRS and AMX of 2024, which the decoder does not know: bytes and what they are. */
const unknown: readonly (readonly [bytes: string, text: string])[] = [
  ["480f388b18", "movrs (%rax),%rbx"],
  ["c4e570fdda", "tdpbf8ps %tmm1,%tmm2,%tmm3"],
  ["c4e27b4a0c18", "tileloaddrs (%rax,%rbx,1),%tmm1"],
  ["d55801c1", "add %r16,%r17"],
  ["62f4f41801c3", "add %rax,%rbx,%rcx"],
  ["62f46418fff0", "push2 %rax,%rbx"],
  ["d50850", "pushp %rax"],
  ["62f4c40239c3", "ccmpb {dfv=of} %rax,%rbx"],
  ["62f4fc0842d8", "cfcmovb %rax,%rbx"],
  ["d500a18877665544332211", "jmpabs $0x1122334455667788"],
  ["d51c8b4010", "mov 0x10(%r16),%r8"],
  ["62f56d4858d9", "vaddbf16 %zmm1,%zmm2,%zmm3"],
  ["62f36d4852d901", "vminmaxps $0x1,%zmm1,%zmm2,%zmm3"],
];

test("unknown x86 instructions are bad, with the length of their encoding", async () => {
  const decoder = await load(x86_64);
  for (const [hex, text] of unknown) {
    const bytes = Buffer.from(hex, "hex");
    const [one, next] = decoder.instructions(Buffer.concat([bytes, Buffer.alloc(16, 0x90)]), 0n, 2);
    assert.deepEqual([one?.mnemonic, one?.bytes.length, next?.mnemonic], ["(bad)", bytes.length, "nop"], text);
  }
});

/** Bytes, AT&T syntax as crash 9.0.2 has it, Intel's. */
const bothSyntaxes: readonly (readonly [bytes: string, att: string, intel: string])[] = [
  ["0f1f440000", "nopl 0x0(%rax,%rax,1)", "nop DWORD PTR [rax+rax*1+0x0]"],
  ["66662e0f1f840000000000", "data16 cs nopw 0x0(%rax,%rax,1)", "data16 cs nop WORD PTR [rax+rax*1+0x0]"],
  ["65488b1c2580fb0100", "mov %gs:0x1fb80,%rbx", "mov rbx,QWORD PTR gs:0x1fb80"],
  ["488b042518030000", "mov 0x318,%rax", "mov rax,QWORD PTR ds:0x318"],
  ["be01000000", "mov $0x1,%esi", "mov esi,0x1"],
  ["488b4500", "mov 0x0(%rbp),%rax", "mov rax,QWORD PTR [rbp+0x0]"],
  ["c6051e5c1f0101", "movb $0x1,0x11f5c1e(%rip)", "mov BYTE PTR [rip+0x11f5c1e],0x1"],
  ["c6051e5c1fff01", "movb $0x1,-0xe0a3e2(%rip)", "mov BYTE PTR [rip+0xffffffffff1f5c1e],0x1"],
  ["c783d000000001000000", "movl $0x1,0xd0(%rbx)", "mov DWORD PTR [rbx+0xd0],0x1"],
  ["4883e4f0", "and $0xfffffffffffffff0,%rsp", "and rsp,0xfffffffffffffff0"],
  ["48c7c70000a582", "mov $0xffffffff82a50000,%rdi", "mov rdi,0xffffffff82a50000"],
  ["49be220100000000adde", "movabs $0xdead000000000122,%r14", "movabs r14,0xdead000000000122"],
  ["4c8d048500000000", "lea 0x0(,%rax,4),%r8", "lea r8,[rax*4+0x0]"],
  ["488d3428", "lea (%rax,%rbp,1),%rsi", "lea rsi,[rax+rbp*1]"],
  ["486bd238", "imul $0x38,%rdx,%rdx", "imul rdx,rdx,0x38"],
  ["d1e8", "shr $1,%eax", "shr eax,1"],
  ["48877718", "xchg %rsi,0x18(%rdi)", "xchg QWORD PTR [rdi+0x18],rsi"],
  ["6690", "xchg %ax,%ax", "xchg ax,ax"],
  ["f348ab", "rep stos %rax,%es:(%rdi)", "rep stos QWORD PTR es:[rdi],rax"],
  ["f3a4", "rep movsb %ds:(%rsi),%es:(%rdi)", "rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]"],
  ["f3a6", "repz cmpsb %es:(%rdi),%ds:(%rsi)", "repz cmps BYTE PTR ds:[rsi],BYTE PTR es:[rdi]"],
  ["ee", "out %al,(%dx)", "out dx,al"],
  ["6a00", "push $0x0", "push 0x0"],
  ["ff742430", "push 0x30(%rsp)", "push QWORD PTR [rsp+0x30]"],
  ["ff15c0cf9cff", "call *-0x633040(%rip)", "call QWORD PTR [rip+0xffffffffff9ccfc0]"],
  ["9c", "pushf", "pushf"],
  ["cc", "int3", "int3"],
  ["480f07", "sysretq", "sysretq"],
  ["0f23f8", "mov %rax,%db7", "mov dr7,rax"],
  ["d6", "udb", "udb"],
  ["f20f01fd", "rmpread %rax,(%rcx)", "rmpread [rcx],rax"],
];

for (const [hex, attText, intelText] of bothSyntaxes) {
  test(`${attText} is ${intelText} in Intel syntax`, async () => {
    const bytes = Buffer.from(hex, "hex");
    for (const [syntax, text] of [
      ["att", attText],
      ["intel", intelText],
    ] as const) {
      const [one] = (await load(x86_64, syntax)).instructions(bytes, 0n);
      assert.equal(one && `${one.mnemonic} ${one.operands}`.trim(), text);
      assert.equal(one?.bytes.length, bytes.length);
    }
  });
}

test("for any bytes, instructions follow one another without a gap, and none is longer than 15 bytes", async () => {
  // A linear congruential generator: the same bytes every time.
  let state = 1;
  const bytes = Uint8Array.from({ length: 20_000 }, () => (state = (state * 1103515245 + 12345) % 2 ** 31) >> 16);
  for (const syntax of ["att", "intel"] as const) {
    const all = (await load(x86_64, syntax)).instructions(bytes, 0xfffffffffffff000n);
    let at = 0xfffffffffffff000n;
    for (const one of all) {
      assert.equal(one.address, at);
      assert.ok(one.bytes.length >= 1 && one.bytes.length <= 15);
      at = BigInt.asUintN(64, at + BigInt(one.bytes.length));
    }
    assert.ok(BigInt.asUintN(64, at - 0xfffffffffffff000n) > 19_980n);
  }
});
