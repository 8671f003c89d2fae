/** Types of functions in DWARF. */
import { once } from "../../base/once.ts";
import type { CType, FunctionType } from "../ctype.ts";
import { DW_AT_name, DW_TAG_formal_parameter, DW_TAG_unspecified_parameters } from "./constants.ts";
import type { Die } from "./die.ts";

/** Reads the type of a function. @param typeOf reads the type that a DIE refers to */
export function functionType(die: Die, typeOf: (die: Die) => CType): FunctionType {
  const returns = once(() => typeOf(die));
  const parts = once(() => readParameters(die, typeOf));
  return {
    kind: "function",
    get returns() {
      return returns();
    },
    get parameters() {
      return parts().parameters;
    },
    get variadic() {
      return parts().variadic;
    },
  };
}

type Parameter = FunctionType["parameters"][number];

function readParameters(
  die: Die,
  typeOf: (die: Die) => CType,
): { readonly parameters: readonly Parameter[]; readonly variadic: boolean } {
  const parameters: Parameter[] = [];
  let variadic = false;
  for (const walk = die.children(); walk.next();) {
    if (walk.abbrev.tag === DW_TAG_unspecified_parameters) variadic = true;
    if (walk.abbrev.tag !== DW_TAG_formal_parameter) continue;
    const parameter = walk.die();
    const type = once(() => typeOf(parameter));
    parameters.push({
      name: parameter.holder(DW_AT_name)?.text(DW_AT_name),
      get type() {
        return type();
      },
    });
  }
  return { parameters, variadic };
}
