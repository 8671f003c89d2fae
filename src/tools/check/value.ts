/** Claims that an expression has a value. */
import { z } from "zod";
import { UsageError } from "../../base/usageError.ts";
import { hex0x } from "../../base/hex.ts";
import { evaluateIn } from "../../crash/language/address.ts";
import { isText } from "../../crash/say/valueJson.ts";
import { inFrame } from "../frame.ts";
import { taskInput } from "../task.ts";
import { type Judge, judged } from "./judgement.ts";
import { isScalar, numberIn, unsignedWord } from "./number.ts";

export const valueClaim = z.strictObject({
  expression: z.string().min(1).max(1000),
  equals: z.string().max(1000).describe("a number, an expression of C, or the text of a character array"),
  task: taskInput,
  frame: z.string().optional().describe("a frame whose locals and registers the expression may name"),
});

export const value: Judge<z.infer<typeof valueClaim>> = function* (context, { expression, equals, task: word, frame }) {
  yield* [];
  const command = `p ${expression}`;
  const { context: own } = inFrame(context, word, frame);
  const is = evaluateIn(own, expression);
  if (isText(is.type)) {
    const text = is.text();
    const wanted = equals.replace(/^"(.*)"$/s, "$1");
    return judged(text === wanted ? "true" : "false", `${expression} is ${JSON.stringify(text)}.`, command);
  }
  if (!isScalar(is))
    throw new UsageError(`${expression} is neither a number nor a pointer nor text: name a member of it`);
  const [got, wanted] = [unsignedWord(own, BigInt(is.value()), is.size), numberIn(own, equals, is.size)];
  return judged(
    got === wanted ? "true" : "false",
    `${expression} is ${hex0x(got)}${got === wanted ? "" : `, not ${hex0x(wanted)}`}.`,
    command,
  );
};
