/** JSON schemas of the documents of `--json`, from the declarations that also lay out the tables. */
import type { Json } from "../say/piece.ts";
import { ANY_KEY, type ColumnKind, type Field, type Fields, type Records } from "../say/table.ts";
import { SCHEMA } from "./json.ts";

/** A JSON schema of the draft 2020-12. */
export type JsonSchema = Json;

const DECIMAL = "^-?[0-9]+$";
const ADDRESS = "^0x[0-9a-f]{16}$";

/** The schemas of values by the kind of their column. See docs/json.md. */
const forms: Readonly<Record<ColumnKind, object>> = {
  number: { type: "number" },
  integer: { type: "string", pattern: DECIMAL },
  nanoseconds: { type: "string", pattern: DECIMAL },
  time: { type: "number" },
  text: { type: "string" },
  flag: { type: "boolean" },
  address: { type: "string", pattern: ADDRESS },
  task: { type: "string", pattern: ADDRESS },
  symbol: { type: "string" },
  data: {},
};

/** The schema of a value that cannot be read. */
const definitions = {
  fault: {
    type: "object",
    properties: {
      fault: { enum: ["excluded", "missing", "truncated", "unmapped", "corrupt", "unknown"] },
      address: { anyOf: [{ type: "null" }, { type: "string", pattern: ADDRESS }] },
      message: { type: "string" },
    },
    required: ["fault", "address", "message"],
    additionalProperties: false,
  },
} as const;

/**
 * Returns the schema of the document that a command prints.
 * @param name of the command
 * @param records each kind of record that it prints
 */
export function documentSchema(name: string, records: readonly Records[]): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `vmcore-debug --json: ${name}`,
    type: "object",
    properties: {
      schema: { const: SCHEMA },
      records: {
        type: "array",
        items: {
          anyOf: [
            ...records.map(({ line, fields }) => ({ description: line, ...recordSchema(fields) })),
            { description: "a line, after a filter", type: "string" },
            { $ref: "#/$defs/fault" },
          ],
        },
      },
    },
    required: ["schema", "records"],
    additionalProperties: false,
    $defs: definitions,
  } as unknown as JsonSchema;
}

function recordSchema(fields: Fields) {
  const { [ANY_KEY]: any, ...named } = fields;
  const known = Object.entries(named).filter(([, { screenOnly }]) => screenOnly !== true);
  return {
    type: "object",
    properties: Object.fromEntries(known.map(([key, field]) => [key, fieldSchema(field)])),
    additionalProperties: any ? fieldSchema(any) : false,
  };
}

function fieldSchema({ kind, about, unit, fields }: Field): object {
  const description = [unit, about].filter((one) => one !== undefined).join(": ");
  const described = description === "" ? {} : { description };
  if (kind === "data" && !fields) return described;
  const inner = fields && recordSchema(fields);
  const values = inner ? [inner, { type: "array", items: { anyOf: [inner, { type: "null" }] } }] : [forms[kind]];
  return { ...described, anyOf: [...values, { type: "null" }, { $ref: "#/$defs/fault" }] };
}

/** Returns the name of a command's file in docs/schema. */
export const schemaFile = (name: string): string => `${name === "*" ? "star" : name}.json`;
