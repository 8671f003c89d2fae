/** The columns of BPF programs. */
import { hexBytes } from "../../../../base/hex.ts";
import { bpfName, bpfTypeName, loadTime, programOwner, usedMaps } from "../../../../linux/bpf/bpf.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import type { Obj } from "../../../../model/object.ts";
import { dateText } from "../../../../render/quantity.ts";
import type { Table } from "../../../../say/table.ts";

const mapIds = (program: Obj): number[] => [...usedMaps(program)].map((map) => map.at("id").number());

const columns: Table<Obj>["columns"] = {
  id: {
    kind: "number",
    title: "ID",
    width: 3,
    align: "left",
    gap: " ",
    value: (program) => program.at("aux.id").number(),
  },
  program: { kind: "address", title: "BPF_PROG", titleAlign: "center", value: ({ address }) => address },
  aux: {
    kind: "address",
    title: "BPF_PROG_AUX",
    titleAlign: "center",
    value: (program) => program.at("aux").value(),
  },
  type: {
    kind: "text",
    title: "BPF_PROG_TYPE",
    width: 13,
    align: "center",
    value: (program) => bpfTypeName(program.at("type"), "BPF_PROG_TYPE_"),
  },
  tag: {
    kind: "text",
    title: "TAG",
    width: 16,
    titleAlign: "center",
    value: (program) => hexBytes(program.at("tag").bytes(), ""),
  },
  maps: {
    kind: "data",
    title: "USED_MAPS",
    about: "ids",
    width: 9,
    align: "center",
    value: mapIds,
    text: (_, program) => mapIds(program).join(","),
  },
};

const details: Table<Obj>["columns"] = {
  translated: {
    kind: "number",
    title: "",
    line: 1,
    gap: "     XLATED: ",
    unit: "bytes",
    value: (program) => program.at("len").number() * 8,
  },
  jited: {
    kind: "number",
    title: "",
    line: 1,
    gap: "  JITED: ",
    unit: "bytes",
    value: (program) => program.at("jited_len").number(),
  },
  memory: {
    kind: "number",
    title: "",
    line: 1,
    gap: "  MEMLOCK: ",
    unit: "bytes",
    value: (program) => program.at("pages").number() * pageSize(program.kernel),
  },
  loadTime: {
    kind: "time",
    title: "",
    line: 2,
    gap: "     LOAD_TIME: ",
    unit: "date",
    value: loadTime,
    text: (seconds) => dateText(seconds).replace("UTC ", ""),
  },
  gplCompatible: {
    kind: "flag",
    title: "",
    line: 3,
    gap: "     GPL_COMPATIBLE: ",
    value: (program) => program.at("gpl_compatible").number() !== 0,
    text: (is) => (is ? "yes" : "no"),
  },
  name: {
    kind: "text",
    title: "",
    line: 3,
    gap: "  NAME: ",
    value: (program) => bpfName(program.at("aux").deref()) || undefined,
    text: (name) => `"${name}"`,
    absent: "(unused)",
  },
  uid: {
    kind: "number",
    title: "",
    line: 3,
    gap: "  UID: ",
    about: "user id of the user who loaded it",
    value: programOwner,
  },
};

/**
 * The table of programs. A row is a `struct bpf_prog`. @param detailed whether to show sizes, load time, name and owner
 */
export const programsTable = (detailed: boolean): Table<Obj> => ({
  columns: detailed ? { ...columns, ...details } : columns,
});
