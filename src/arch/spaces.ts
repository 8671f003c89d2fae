/** Where the address spaces of kernel and user meet, on machines of 64 bits that divide one space between both. */
import type { Paging } from "./arch.ts";

/** Returns the tests of addresses for a machine whose kernel addresses begin at `kernelStart`, without tags in the upper bits. */
export const spacesFrom = (kernelStart: bigint): Pick<Paging, "canonical" | "isKernelAddress" | "isUserAddress"> => ({
  canonical: (address) => BigInt.asUintN(64, address),
  isKernelAddress: (address) => address >= kernelStart,
  isUserAddress: (address) => address < kernelStart,
});
