/** Rust's two manglings. Names and their plain forms are those of RFC 2603 and of rustc's own tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { demangleRust, demangleRustIn } from "../../../src/base/rust/demangle.ts";
import { stopwatch } from "../../builders/stopwatch.ts";

const v0: Readonly<Record<string, string>> = {
  _RNvNtCshc5sK6KjdJJ_6kernel5print11call_printk: "kernel::print::call_printk",
  _RNCNvC4main3foo0: "main::foo::{closure#0}",
  _RNCNvC4main3foos_0: "main::foo::{closure#1}",
  _RINvNtC3std3mem8align_ofdE: "std::mem::align_of::<f64>",
  _RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std:
    "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), Output = ()>>",
  _RMC0INtC8arrayvec8ArrayVechKj7b_E: "<arrayvec::ArrayVec<u8, 123>>",
  _RMC0INtC8arrayvec8ArrayVecaKin1_E: "<arrayvec::ArrayVec<i8, -1>>",
  _RMC0INtC1a1bKb1_Kc78_E: "<a::b<true, 'x'>>",
  _RNvMCs4_7mycrateINtB2_3FooFG_KCRL0_hEuE3bar: `<mycrate::Foo<for<'a> extern "C" fn(&'a u8)>>::bar`,
  _RNvXC1aNtB2_1SNtB2_1T1f: "<a::S as a::T>::f",
  _RNvMC1aTSmQcE1f: "<([u32], &mut char)>::f",
  _RNvMC1aTPhE1f: "<(*const u8,)>::f",
  _RNvC6_123foo3bar: "123foo::bar",
  _RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y: "utf8_idents::საჭმელად_გემრიელი_სადილი",
  "_RNvC1a1b.llvm.1234": "a::b",
  "_RNvC1a1b.cold": "a::b.cold",
};

/** Numbers as the mangling writes them: `_` is 0, `0_` is 1. */
const base62 = (value: number): string =>
  value === 0 ? "_" : `${"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".charAt(value - 1)}_`;

const legacy: Readonly<Record<string, string>> = {
  _ZN4core3fmt9Formatter3pad17h0123456789abcdefE: "core::fmt::Formatter::pad",
  "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE":
    "<Test + 'static as foo::Bar<Test>>::bar",
};

test("a symbol of Rust is named as the source names it", () => {
  for (const [symbol, name] of Object.entries({ ...v0, ...legacy })) assert.equal(demangleRust(symbol), name);
});

test("other names are unchanged", () => {
  for (const symbol of [
    ...["init_task", "_R", "_RX", "_ZN", "_ZN3foo3barE", "_ZN3foo17h0123456789abcdefE x", "_RNvC1a", "_RNvC1a9b"],
    // Back references to themselves, forwards, and out of the symbol.
    ...["_RB_", "_RNvB_1a", "_RNvBz_1a", "_RMC1aB9_"],
    // A lifetime that nobody named, a character that is none, digits that are none.
    ...["_RMC1aRL0_h", "_RIC1aKc110000_E", "_RNvC1au2_A"],
  ])
    assert.equal(demangleRust(symbol), undefined, symbol);
});

test("demangling of a symbol with endless references or nesting stops early", () => {
  // Each tuple holds the one before twice: 2^levels types in a few hundred characters.
  const doubling = (levels: number): string => {
    const outermost = "MC1a".length;
    let rest = "mmE";
    for (let at = outermost + levels - 1; at > outermost; at--) rest += `B${base62(at)}E`;
    return `_RMC1a${"T".repeat(levels)}${rest}`;
  };
  assert.equal(demangleRust(doubling(2)), "<((u32, u32), (u32, u32))>");
  const spent = stopwatch();
  assert.equal(demangleRust(doubling(50)), undefined);
  assert.equal(demangleRust(`_RMC1a${"S".repeat(100_000)}h`), undefined);
  assert.equal(demangleRust(`_RMC1aFG${"z".repeat(12)}_Eu`), undefined);
  assert.ok(spent() < 1000);
});

test("symbols of Rust are found in a line of text", () => {
  assert.equal(
    demangleRustIn("[    1.0]  _RNvC10rust_panic4init+0x57/0xff0 [rust_panic] _ZN4core3fmt17h0123456789abcdefE"),
    "[    1.0]  rust_panic::init+0x57/0xff0 [rust_panic] core::fmt",
  );
  assert.equal(demangleRustIn("_RAX is a register"), "_RAX is a register");
});
