/** The columns of BPF maps. */
import { padHex } from "../../../../base/hex.ts";
import { bpfName, bpfTypeName, mapMemory, mapOwner } from "../../../../linux/bpf/bpf.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Column, Table } from "../../../../say/table.ts";

const columns: Table<Obj>["columns"] = {
  id: { kind: "number", title: "ID", width: 3, align: "left", gap: " ", value: (map) => map.at("id").number() },
  map: { kind: "address", title: "BPF_MAP", titleAlign: "center", value: ({ address }) => address },
  type: {
    kind: "text",
    title: "BPF_MAP_TYPE",
    width: 20,
    align: "center",
    value: (map) => bpfTypeName(map.at("map_type"), "BPF_MAP_TYPE_"),
  },
  flags: {
    kind: "number",
    title: "MAP_FLAGS",
    unit: "hex",
    align: "left",
    gap: "  ",
    titleGap: " ",
    value: (map) => map.at("map_flags").number(),
    text: (flags) => padHex(flags, 8),
  },
};

const number = (gap: string, member: string): Column<Obj> => ({
  kind: "number",
  title: "",
  line: 1,
  gap,
  value: (map) => map.at(member).number(),
});

const details: Table<Obj>["columns"] = {
  keySize: { ...number("     KEY_SIZE: ", "key_size"), unit: "bytes" },
  valueSize: { ...number("  VALUE_SIZE: ", "value_size"), unit: "bytes" },
  maxEntries: number("  MAX_ENTRIES: ", "max_entries"),
  memory: { kind: "number", title: "", line: 1, gap: "  MEMLOCK: ", unit: "bytes", value: mapMemory },
  name: {
    kind: "text",
    title: "",
    line: 2,
    gap: "     NAME: ",
    value: (map) => bpfName(map) || undefined,
    text: (name) => `"${name}"`,
    absent: "(unused)",
  },
  uid: {
    kind: "number",
    title: "",
    line: 2,
    gap: "  UID: ",
    about: "user id of the user who created it",
    value: mapOwner,
    absent: "(unused)",
  },
};

/** The table of maps. A row is a `struct bpf_map`. @param detailed whether to show sizes, memory, name and owner */
export const mapsTable = (detailed: boolean): Table<Obj> => ({
  columns: detailed ? { ...columns, ...details } : columns,
});
