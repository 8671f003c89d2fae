/** A dump that is read with --redact. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { run } from "../../../src/crash/language/language.ts";
import { commandLine } from "../../../src/linux/kdump/crashkernel.ts";
import { pageFlagMask } from "../../../src/linux/mm/pageFlags.ts";
import { pageStruct } from "../../../src/linux/mm/pageStruct.ts";
import { pfnToPage } from "../../../src/linux/mm/memoryModel.ts";
import { slabOfPfn } from "../../../src/linux/slab/slabPage.ts";
import { utsname } from "../../../src/linux/utsname.ts";
import { pieceText } from "../../../src/render/text.ts";
import { redactedImage } from "../../../src/session/distill/redactedImage.ts";
import { openSession, type Session } from "../../../src/session/open/open.ts";
import { alteredSample } from "../../builders/alteredDump.ts";

const plain = openSession({ vmcore: ["sample/vmcore"] });
const redacted = openSession({ vmcore: ["sample/vmcore"], redact: true });

function answer({ context }: Session, line: string): string {
  let text = "";
  for (const piece of run(context, line)) text += pieceText(piece);
  return text;
}

const line = commandLine(plain.kernel);
const host = utsname(plain.kernel).nodename;

test("the command line and the name of the host are in no answer", () => {
  assert.ok(line.length > 20 && host.length > 3);
  for (const command of ["sys", "log", "p saved_command_line", "p init_uts_ns", "mach"]) {
    const text = answer(redacted, command);
    for (const secret of [line, host, ...line.split(" ").filter((word) => word.includes("=") && word.length > 7)])
      assert.ok(!text.includes(secret), `${command}: ${secret}`);
  }
  assert.ok(answer(plain, "sys").includes(host));
});

test("a page that has a file or a program is a fault that says why, also for a scan", () => {
  const { kernel } = plain;
  // The example has no such page, because makedumpfile left them out: say of a page that it is of a program.
  const pfn = unusedPage(plain);
  const struct = kernel.object("struct page", pfnToPage(kernel, pfn)!);
  const place = kernel.memory.translate(struct.at("mapping").address);
  assert.ok(!(place instanceof Fault));
  const session = alteredSample([Number(place.physical), "41"]);
  const image = redactedImage(session.kernel, session.dump, () => session.close());
  assert.ok(!(session.dump.page(pfn) instanceof Fault));
  assert.match(String(image.page(pfn)), /page removed by --redact/);
  assert.ok(!(image.page(pfn + 1) instanceof Fault) || session.dump.page(pfn + 1) instanceof Fault);
  assert.ok(!("run" in image) || !image.run, "a scan reads page by page");
  image.close();
});

/** Returns a page of which the kernel has no use that makes it secret: neither reserved nor of a slab. */
function unusedPage({ kernel, dump }: Session): number {
  for (let pfn = dump.next(0); pfn >= 0; pfn = dump.next(pfn + 1)) {
    const isUnused = attempt(() => {
      const { flags } = pageStruct(kernel, pfn);
      const struct = kernel.object("struct page", pfnToPage(kernel, pfn)!);
      return (
        (flags & (pageFlagMask(kernel, "PG_reserved") ?? 0n)) === 0n &&
        slabOfPfn(kernel, pfn) === undefined &&
        struct.at("compound_head").value() === 0n &&
        struct.at("mapping").value() === 0n
      );
    });
    if (isUnused === true) return pfn;
  }
  return assert.fail("the example has no such page");
}

test("keys and the state of the random number generator are zero", () => {
  const address = redacted.kernel.symbols.find("base_crng")?.address;
  assert.ok(address !== undefined);
  const key = (session: Session): Uint8Array | Fault => attempt(() => session.kernel.memory.read(address, 32));
  assert.ok(!(key(plain) as Uint8Array).every((byte) => byte === 0));
  assert.deepEqual(key(redacted), new Uint8Array(32));
});

test("stacks, tasks and the verdict are the same, and the warnings say what is missing", () => {
  for (const command of ["bt -a", "ps", "mod", "waits", "analyze"])
    assert.equal(answer(redacted, command), answer(plain, command), command);
  assert.match(
    redacted.warnings.join("\n"),
    /^--redact leaves out, or replaces with zeros: user pages, .*, host name\.$/m,
  );
  // What was erased is unknown, not absent.
  assert.match(answer(plain, "health"), /The command line requests no memory|kdump/);
  assert.doesNotMatch(answer(redacted, "health"), /The command line requests no memory/);
});
