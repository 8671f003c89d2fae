/** A small cache of values by address. */

/** Number of values that a cache holds; a power of two. */
const VALUES = 1024;

/** Scratch memory that splits an address into 32-bit halves, because a Map with bigint keys takes five times as long. */
const halves = new DataView(new ArrayBuffer(8));

/**
 * A cache of values by 64-bit address. Each address has one place, like in the TLB of a CPU: a value replaces that of
 * another address with the same lowest bits.
 */
export class AddressCache<T> {
  private readonly lows = new Int32Array(VALUES);
  private readonly highs = new Int32Array(VALUES);
  private readonly values: (T | undefined)[] = new Array<T | undefined>(VALUES).fill(undefined);

  get(address: bigint): T | undefined {
    halves.setBigUint64(0, address, true);
    const low = halves.getInt32(0, true);
    const place = low & (VALUES - 1);
    const isOwn = this.lows[place] === low && this.highs[place] === halves.getInt32(4, true);
    return isOwn ? this.values[place] : undefined;
  }

  set(address: bigint, value: T): void {
    halves.setBigUint64(0, address, true);
    const low = halves.getInt32(0, true);
    const place = low & (VALUES - 1);
    this.lows[place] = low;
    this.highs[place] = halves.getInt32(4, true);
    this.values[place] = value;
  }

  clear(): void {
    this.values.fill(undefined);
  }
}
