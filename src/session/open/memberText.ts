/** Names the member that an access reaches, in the words of all user interfaces. */
import type { Arch } from "../../arch/arch.ts";
import { memberThrough } from "../../debuginfo/memberThrough.ts";
import type { CodeScope } from "../../debuginfo/source.ts";
import type { BasedAddress } from "../../log/context.ts";

/**
 * Returns "member `next` of `struct list_head` (variable `head`)"; undefined if no variable in the
 * register points to a struct that has a member there.
 * @param scopes the functions at the instruction
 * @throws Fault if the debuginfo is damaged
 */
export function memberText(scopes: readonly CodeScope[], arch: Arch, access: BasedAddress): string | undefined {
  const register = arch.dwarfRegisters.indexOf(access.register);
  const reached = register < 0 ? undefined : memberThrough(scopes, register, access.displacement);
  return reached && `member \`${reached.member}\` of \`${reached.type}\` (variable \`${reached.variable}\`)`;
}
