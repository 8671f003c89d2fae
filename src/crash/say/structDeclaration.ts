/** Prints declarations of structs and their members as `struct` and `whatis` show them. */
import { hex, hex0x } from "../../base/hex.ts";
import { bare, sizeOf } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import { typeName } from "../../model/typeName.ts";
import { describeType } from "../../model/typeText.ts";
import type { Context, Parsed } from "../language/command.ts";
import { record, type Pieces } from "../../say/piece.ts";
import { formatOptions, memberDeclaration, type StructReference } from "./structView.ts";
import type { Fields } from "../../say/table.ts";

/** The fields of a declaration. */
export const declarationFields: Fields = {
  type: { kind: "text" },
  size: { kind: "number", unit: "bytes" },
  members: {
    kind: "data",
    about: "the selected ones, or all with a name",
    fields: {
      name: { kind: "text", about: "a path for a member of a member" },
      offset: { kind: "number", unit: "bytes" },
      type: { kind: "text" },
    },
  },
};

/** Prints the declaration of a struct or of the selected members; with an address, the address of each member. */
export function* structDeclaration(
  context: Context,
  { name, type, members }: StructReference,
  args: Pick<Parsed, "has">,
  at?: bigint,
): Pieces {
  const { kernel } = context;
  const { radix = 10 } = formatOptions(context, args);
  const data = { type: typeName(type), size: sizeOf(type), members: memberData(kernel, { name, type, members }) };
  if (members.length === 0) {
    return yield record(data, ...describeType(type, { offsets: args.has("-o"), radix, address: at }));
  }
  const lines = members.flatMap((member) => {
    // A direct member is indented as in the whole declaration.
    const whole = describeType(type, { offsets: true, radix, member, address: at }).slice(1, -1);
    if (whole.length > 0) return whole;
    const place = kernel.object(type, at ?? 0n).at(member).address;
    const shown = at !== undefined ? hex(place) : radix === 16 ? hex0x(place) : String(place);
    return [`  [${shown}] ${memberDeclaration(kernel, type, member)}`];
  });
  yield record(data, `${headOf(type)} {`, ...lines, "}");
}

const headOf = (type: StructReference["type"]): string => typeName(type.kind === "typedef" ? type.target : type);

function memberData(kernel: Kernel, { type, members }: StructReference) {
  const target = bare(type);
  const own = target.kind === "struct" || target.kind === "union" ? target.members : [];
  const paths = members.length > 0 ? members : own.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return paths.map((path) => {
    const member = kernel.object(type, 0n).at(path);
    return { name: path, offset: Number(member.address), type: typeName(member.type) };
  });
}
