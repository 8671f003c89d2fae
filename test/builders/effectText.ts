/** Effects of instructions as short texts, so that tests can list many of them. */
import type { Effect, MemoryOperand, Value } from "../../src/arch/effect.ts";

const number = (value: bigint): string => BigInt.asIntN(64, value).toString();

const place = ({ base, index, scale, displacement }: MemoryOperand): string =>
  `[${[base, index === undefined ? undefined : `${index}*${scale}`, number(displacement)].filter(Boolean).join("+")}]`;

const width = (bits: number, isSigned = false): string => (bits === 64 ? "" : `.${bits}${isSigned ? "s" : ""}`);

export function valueText(value: Value | undefined): string {
  switch (value?.kind) {
    case undefined:
      return "?";
    case "constant":
      return number(value.value);
    case "register":
      return `${value.name}${width(value.bits, value.signed)}`;
    case "load":
      return `${place(value.place)}${width(value.size * 8, value.signed)}`;
    case "address":
      return `&${place(value.place)}`;
    case "operation":
      return `(${valueText(value.left)} ${value.operator} ${valueText(value.right)})${width(value.bits, value.signed)}`;
  }
}

/** For example "a5=[s1+32]", "store s2.32 to [a5+0]", "call 1040", "branch 10 if a0 == a5". */
export function effectText(effect: Effect): string {
  const { writes, access, flow, target, through, stores, compares, relation, flags } = effect;
  const to = target === undefined ? (through === undefined ? "" : ` ${through}`) : ` ${target.toString(16)}`;
  const sign = compares?.by === "conjunction" ? "&" : relation !== undefined ? relation : "~";
  return [
    ...[...writes].map(([name, value]) => `${name}=${valueText(value)}`),
    access?.writes === true ? `store ${stores ? `${valueText(stores)} ` : ""}to ${place(access.place)}` : "",
    flow === "next" ? "" : `${flow}${to}`,
    relation === undefined ? "" : `if ${compares ? "" : relation}`.trim(),
    compares ? `${valueText(compares.left)} ${sign} ${valueText(compares.right)}` : "",
    flags === undefined ? "" : `by ${flags}`,
  ]
    .filter(Boolean)
    .join(" ");
}
