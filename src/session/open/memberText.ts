/** The member that an access reaches, in the words that every face uses. */
import type { Arch } from "../../arch/arch.ts";
import { memberThrough } from "../../debuginfo/memberThrough.ts";
import type { CodeScope } from "../../debuginfo/source.ts";
import type { BasedAddress } from "../../log/context.ts";

/**
 * "member `next` of `struct list_head` (variable `head`)"; undefined where no variable in the register tells.
 * @param scopes the functions at the instruction
 * @throws Fault where the debug information is broken
 */
export function memberText(scopes: readonly CodeScope[], arch: Arch, access: BasedAddress): string | undefined {
  const register = arch.dwarfRegisters.indexOf(access.register);
  const reached = register < 0 ? undefined : memberThrough(scopes, register, access.displacement);
  return reached && `member \`${reached.member}\` of \`${reached.type}\` (variable \`${reached.variable}\`)`;
}
