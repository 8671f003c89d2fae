/**
 * Machines and kernels: `npm run matrix` boots a guest for each row, and compares what the program answers about its dump
 * with what its kernel printed. Writes results.json and docs/support.md. MATRIX=arm-7,riscv64-7 chooses rows, KEEP=1 keeps
 * the kernels' packages.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type CellResult, type Results, type RowResult, withMatrix } from "../../../scripts/support.ts";
import { causes } from "./causes.ts";
import type { Cell } from "./cell.ts";
import { cells, type Column, columns } from "./cells.ts";
import { deleteKernel, type MadeRow, madeRow } from "./make.ts";
import { missing } from "./missing.ts";
import { crashSummary, drgnSummary } from "./peers.ts";
import { type Row, rows } from "./rows.ts";

const file = join(import.meta.dirname, "results.json");
const page = "docs/support.md";
const chosen = process.env["MATRIX"]?.split(",");

const causeOf = (row: string, column: Column, mode: "vmlinux" | "bare"): string | undefined =>
  causes.find((one) => one.row.test(row) && one.column === column && (one.mode ?? mode) === mode)?.cause;

/** Compares in one mode. @returns what of it goes to the results; cells that fall short without a cause go to `wrong` */
function compared(row: Row, made: MadeRow, mode: "vmlinux" | "bare", wrong: string[]): RowResult["bare"] {
  const found: Record<Column, Cell> = cells(made, mode === "vmlinux" ? made.vmlinux : undefined);
  return Object.fromEntries(
    columns.map((column): [Column, CellResult] => {
      const { compared: all, same, absent, differences } = found[column];
      if (absent !== undefined) return [column, { absent }];
      const cause = same === all ? undefined : causeOf(row.name, column, mode);
      if (all === 0 || (same < all && cause === undefined))
        wrong.push(`${mode}: ${column}: ${same} of ${all}\n  ${differences.join("\n  ")}`);
      return [column, { compared: all, same, ...(cause === undefined ? {} : { cause }) }];
    }),
  );
}

const reason = missing();
const results = JSON.parse(readFileSync(file, "utf8")) as Results;
const wanted = rows.filter((row) => chosen?.includes(row.name) ?? true);
for (const [i, row] of wanted.entries())
  test(
    `${row.name}: tasks, stacks, log, structures, modules, mounts and memory are as its kernel printed`,
    { skip: reason },
    () => {
      const made = madeRow(row);
      if (process.env["KEEP"] === undefined && wanted[i + 1]?.kernel.name !== row.kernel.name) deleteKernel(row.kernel);
      const wrong: string[] = [];
      const { name, machine, variant } = row;
      results.rows[name] = {
        machine,
        release: made.release,
        variant,
        ...(made.vmlinux === undefined ? {} : { vmlinux: compared(row, made, "vmlinux", wrong) }),
        bare: compared(row, made, "bare", wrong),
        ...(made.drgn === undefined ? {} : { drgn: drgnSummary(made.drgn) }),
        ...(made.crash === undefined ? {} : { crash: crashSummary(made.crash) }),
      };
      assert.deepEqual(wrong, []);
    },
  );

after(() => {
  if (reason !== undefined) return;
  const ordered = rows.flatMap(({ name }) => (results.rows[name] ? [[name, results.rows[name]] as const] : []));
  const written: Results = { rows: Object.fromEntries(ordered) };
  writeFileSync(file, `${JSON.stringify(written, undefined, 1)}\n`);
  writeFileSync(page, withMatrix(readFileSync(page, "utf8"), written));
});
