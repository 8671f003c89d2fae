/** The tool `check`: whether a claim about the dump is true. */
import { z } from "zod";
import { attempting, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import type { Context } from "../../crash/language/command.ts";
import { evidenceJson } from "../../crash/commands/system/analyze/json.ts";
import { commandOf, evidenceText } from "../../insight/evidence.ts";
import { type Piece, record } from "../../say/piece.ts";
import { conclusion, tool } from "../tool.ts";
import { called, calledClaim } from "./called.ts";
import { type Judge, type Judgement, judged } from "./judgement.ts";
import { object, objectClaim } from "./object.ts";
import { register, registerClaim } from "./register.ts";
import { value, valueClaim } from "./value.ts";
import { waits, waitsClaim } from "./waits.ts";

/** The forms of claims. */
const claims = {
  waits: waitsClaim.optional().describe("a task waits for a lock, which a task holds"),
  register: registerClaim.optional().describe("a register has a value in a frame"),
  object: objectClaim.optional().describe("an address is in an object of a slab cache, in a state"),
  called: calledClaim.optional().describe("on the stack of a task, a function was called by another"),
  value: valueClaim.optional().describe("an expression has a value"),
};

const judges: { readonly [Form in keyof typeof claims]: Judge<never> } = { waits, register, object, called, value };

export const check = tool({
  name: "check",
  title: "Check a Claim",
  description:
    "Judges one claim: true, false or unknown, with the reason and the command that shows it. Use it for each statement before you report it. Unknown means that the dump does not decide it: say so, do not guess. Give exactly one form.",
  input: z.strictObject(claims),
  *run(context, given) {
    const [[form, claim] = [], ...others] = Object.entries(given).filter(([, one]) => one !== undefined);
    if (form === undefined || claim === undefined || others.length > 0)
      throw new UsageError(`give one claim: ${Object.keys(claims).join(", ")}`);
    const judgement = yield* judgementOf(context, judges[form as keyof typeof claims], claim as never);
    const { verdict, because, evidence, command } = judgement;
    yield conclusion(`${verdict}: ${because}`, command);
    yield record(
      {
        verdict,
        because,
        command,
        evidence: evidence.map(evidenceJson),
      },
      `${verdict}: ${because}`,
      ...evidence.map((one) => `  ${evidenceText(one)}  <- ${commandOf(one)}`),
    );
  },
});

/** Judges a claim. What cannot be read makes it unknown. */
function* judgementOf<Claim>(context: Context, judge: Judge<Claim>, claim: Claim): Generator<Piece, Judgement, void> {
  const found = yield* attempting(judge(context, claim));
  return found instanceof Fault ? judged("unknown", `It could not be read: ${found.message}.`, "sys") : found;
}
