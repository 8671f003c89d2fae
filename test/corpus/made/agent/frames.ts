/** The frames of a stack as the scripted agent reads them: registers, what they point at, and the code before the call. */
import type { Connection } from "./connection.ts";
import { type Instruction, instructionOf } from "./instruction.ts";

/** An element of the answer of `stack`. */
export interface FrameElement {
  readonly function?: string | null;
  readonly module?: string | null;
  readonly pc?: string;
  readonly role?: "report" | "generic" | null;
  readonly doubt?: string | null;
  readonly trap?: { readonly registers: Readonly<Record<string, string>> } | null;
}

/** A slab object that a register points at. */
export interface PointedObject {
  readonly object: string;
  readonly cache: string;
  readonly state: string;
  /** In bytes. */
  readonly size: number;
  /** The value of the register. */
  readonly value: bigint;
}

/** A frame that was looked at. */
export interface Site {
  readonly index: number;
  readonly registers: ReadonlyMap<string, bigint>;
  readonly objects: ReadonlyMap<string, PointedObject>;
  /** Instructions of the function up to its pc. The last one is the one that faulted or called. */
  readonly code: readonly Instruction[];
}

interface Contents {
  readonly registers: Readonly<Record<string, string>>;
  readonly pointsAt: Readonly<Record<string, Partial<Omit<PointedObject, "value">>>>;
}

/** The stack of a task, whose frames are looked at when they are needed. */
export class Frames {
  readonly connection: Connection;
  readonly elements: readonly FrameElement[];
  private readonly task: string | undefined;
  private readonly sites = new Map<number, Site>();

  constructor(connection: Connection, elements: readonly FrameElement[], task: string | undefined) {
    this.connection = connection;
    this.elements = elements;
    this.task = task;
  }

  /** Looks at a frame. @returns undefined beyond the outermost one */
  async site(index: number): Promise<Site | undefined> {
    const element = this.elements[index];
    const known = this.sites.get(index);
    if (known || !element?.pc) return known;
    const given = { frame: String(index), ...this.of };
    const contents = (await this.connection.ask("stack", given))?.data[0] as Contents | undefined;
    // A return address is behind the call.
    const pc = BigInt(element.pc) - (element.trap ? 0n : 1n);
    const code = element.function
      ? await this.connection.ask("disassemble", { at: hex0x(pc), which: "before", lines: false })
      : undefined;
    const site = {
      index,
      registers: new Map(Object.entries(contents?.registers ?? {}).map(([name, value]) => [name, BigInt(value)])),
      objects: new Map(
        Object.entries(contents?.pointsAt ?? {}).flatMap(([name, { object, cache, state, size }]) =>
          object === undefined || cache === undefined || state === undefined || size === undefined
            ? []
            : [[name, { object, cache, state, size, value: BigInt(contents?.registers[name] ?? 0) }] as const],
        ),
      ),
      code: ((code?.data ?? []) as readonly string[])
        .flatMap((line) => instructionOf(line) ?? [])
        .filter(({ address }) => address <= pc),
    };
    this.sites.set(index, site);
    return site;
  }

  /** Asks whether a register has a value in a frame. */
  hasValue(index: number, name: string, value: bigint): Promise<boolean> {
    return this.connection.holds({ register: { ...this.of, frame: String(index), name, equals: hex0x(value) } });
  }

  private get of() {
    return this.task === undefined ? {} : { task: this.task };
  }
}

export const hex0x = (value: bigint): string => `0x${value.toString(16)}`;
