/** Checks whether kdump was set up. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { captureKernel, commandLine, crashkernelOf, reservedForCapture } from "../../linux/kdump/crashkernel.ts";
import type { Evidence } from "../evidence.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { sizeWords } from "./amounts.ts";

/** Reports whether the command line requests memory for a capture kernel, and whether it is reserved and used. */
export const kdump: HealthCheck = {
  id: "kdump",
  title: "kdump",
  shows: "p kexec_crash_image",
  *run(kernel) {
    const line = commandLine(kernel);
    const ranges = reservedForCapture(kernel);
    if (line === "" && ranges.length === 0)
      throw Fault.of("unknown", "the command line is empty or was erased from the dump");
    const asked = crashkernelOf(line).map((one) => `crashkernel=${one}`);
    const image = captureKernel(kernel);
    const reserved = ranges.map(({ start, size }) => `${sizeWords(Number(size))} at physical ${hex0x(start)}`);
    const slots = { asked: asked.join(" "), reserved: Number(ranges.reduce((sum, { size }) => sum + size, 0n)) };
    const parameter: Evidence = {
      kind: "output",
      command: "p saved_command_line",
      text: asked.join(" ") || "no crashkernel= on the command line",
    };
    const resource: Evidence = { kind: "output", command: "p -x crashk_res", text: reserved.join(", ") || "empty" };
    if (ranges.length === 0)
      yield asked.length === 0
        ? observed(
            "kdump",
            "note",
            slots,
            ["The command line requests no memory for a capture kernel: kdump was not set up."],
            parameter,
          )
        : observed(
            "kdump",
            "suspect",
            slots,
            [`${asked.join(" ")} requests memory, but none is reserved: kdump could not work.`],
            parameter,
            resource,
          );
    else if (!image)
      yield observed(
        "kdump",
        "suspect",
        slots,
        [`${reserved.join(", ")} is reserved, but no capture kernel was loaded: kdump could not work.`],
        resource,
        { kind: "output", command: "p kexec_crash_image", text: "kexec_crash_image = NULL" },
      );
    const entry = image ? `; its entry point is ${hex0x(image.at("start").value())}` : "";
    const request = asked.length > 0 ? `${asked.join(" ")} reserved ` : "There is reserved memory: ";
    return `${request}${reserved.join(", ")}, and a capture kernel is loaded there${entry}.`;
  },
};
