/** The values of slab objects, as the printer of their type shows them. */
import { unlessRefused } from "../base/refused.ts";
import type { GridCell, GridTable } from "../protocol/grid.ts";
import type { Ask } from "./ask.ts";

/** The column of the values. */
const COLUMN = { name: "value", kind: "text" } as const;
/** Maximum number of objects that wait to be read; those that were in sight last are read first. */
const MAX_WAITING = 80;

/** Reads the values of the objects whose rows are drawn, and draws them when they are there. */
export class ObjectValues {
  private readonly ask: Ask;
  private readonly draw: () => void;
  /** A C expression of an object, in which `$` stands for the address. */
  private readonly expression: string;
  private readonly known = new Map<string, string>();
  private waiting: string[] = [];
  /** Address of the object that is being read. */
  private reading: string | undefined;

  private constructor(ask: Ask, draw: () => void, expression: string) {
    this.ask = ask;
    this.draw = draw;
    this.expression = expression;
  }

  /** Returns the values of a table of objects; undefined if the type of its objects is not known. */
  static async of({ columns, rows }: GridTable, ask: Ask, draw: () => void): Promise<ObjectValues | undefined> {
    const at = columns.findIndex(({ name }) => name === "address");
    const free = columns.findIndex(({ name }) => name === "free");
    const address = rows.find((row) => row[free] === false)?.[at];
    if (typeof address !== "string") return undefined;
    const identified = await unlessRefused(ask("identify", { text: address }));
    const facts = identified?.containers.find(({ kind }) => kind === "slab object")?.facts ?? [];
    const object = facts.find((fact) => fact.object !== undefined)?.object;
    return object?.endsWith(address) ? new ObjectValues(ask, draw, `${object.slice(0, -address.length)}$`) : undefined;
  }

  /** Returns the table with a column of values behind the address and whether the object is free. */
  static addTo({ columns, rows }: GridTable): GridTable {
    const at = 1 + columns.findIndex(({ name }) => name === "free");
    return { columns: columns.toSpliced(at, 0, COLUMN), rows: rows.map((row) => row.toSpliced(at, 0, null)) };
  }

  /** Returns the value of a row's object; "" for a free object, and until it is read. */
  textOf({ columns }: GridTable, row: readonly GridCell[]): string {
    const cell = (name: string): GridCell => row[columns.findIndex((column) => column.name === name)] ?? null;
    const address = cell("address");
    if (typeof address !== "string" || cell("free") !== false) return "";
    const known = this.known.get(address);
    if (known === undefined && this.reading !== address && !this.waiting.includes(address)) {
      this.waiting = [address, ...this.waiting].slice(0, MAX_WAITING);
      void this.read();
    }
    return known ?? "";
  }

  private async read(): Promise<void> {
    if (this.reading !== undefined) return;
    while ((this.reading = this.waiting.shift()) !== undefined) {
      const address = this.reading;
      const answer = await unlessRefused(
        this.ask("evaluate", { expression: this.expression.replace("$", () => address) }),
      );
      this.known.set(address, answer?.value ?? "");
      if (this.known.size % 8 === 0 || this.waiting.length === 0) this.draw();
    }
  }
}

/** Returns the option of a table by which the values fill the remaining width. */
export const wideValues = (columns: GridTable["columns"]): { readonly wide: number } => ({
  wide: columns.findIndex(({ name }) => isValueColumn(name)),
});

/** Whether a column has the values of objects. */
export const isValueColumn = (name: string | undefined): boolean => name === COLUMN.name;
