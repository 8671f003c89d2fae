/** Types of the parts of Capstone's WebAssembly build that we use. */
declare module "@alexaltea/capstone-js" {
  export interface CapstoneInstruction {
    /** Signed. */
    readonly address: bigint;
    readonly size: number;
    readonly bytes: readonly number[];
    readonly mnemonic: string;
    readonly op_str: string;
  }
  export interface CapstoneDecoder {
    option(option: number, value: number): void;
    /** @throws string when the first bytes are not an instruction */
    disasm(bytes: Uint8Array, address: bigint, limit?: number): CapstoneInstruction[];
    close(): void;
  }
  export interface CapstoneModule {
    readonly Capstone: new (arch: number, mode: number) => CapstoneDecoder;
    readonly [constant: `${"ARCH" | "MODE" | "OPT"}_${string}`]: number;
  }
  const load: () => Promise<CapstoneModule>;
  export default load;
}
