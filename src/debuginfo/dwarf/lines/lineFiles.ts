/** Directories and files of line tables. */
import { type Attribute, type UnitFormat, readAttribute } from "../attribute.ts";
import type { Cursor } from "../cursor.ts";
import type { Unit } from "../unit.ts";

// Content types of DWARF 5, section 7.22.
const DW_LNCT_path = 0x1;
const DW_LNCT_directory_index = 0x2;
const DW_LNCT_MD5 = 0x5;

interface FileEntry {
  readonly path: Attribute | undefined;
  readonly directory: number;
  readonly md5?: Uint8Array | undefined;
}

/** The directories and files of a line table. Strings are looked up only for the files used. */
export class FileNames {
  private readonly unit: Unit;
  private readonly directories: readonly FileEntry[];
  private readonly files: readonly FileEntry[];
  private readonly known = new Map<number, string | undefined>();

  constructor(unit: Unit, directories: readonly FileEntry[], files: readonly FileEntry[]) {
    this.unit = unit;
    this.directories = directories;
    this.files = files;
  }

  /**
   * Returns the path of a file as the compiler wrote it, undefined if there is none; a path relative to the compilation
   * directory stays relative.
   */
  path(index: number): string | undefined {
    if (!this.known.has(index)) this.known.set(index, this.join(index));
    return this.known.get(index);
  }

  /**
   * Returns the MD5 of the file's contents at compile time, in hexadecimal; undefined if it is not recorded (clang
   * records it, GCC does not).
   */
  md5(index: number): string | undefined {
    const md5 = this.files[index]?.md5;
    return md5 && Buffer.from(md5).toString("hex");
  }

  private join(index: number): string | undefined {
    const file = this.files[index];
    const name = this.unit.text(file?.path);
    if (!file || name === undefined) return undefined;
    // Directory 0 is the compilation directory.
    const directory = file.directory > 0 ? this.unit.text(this.directories[file.directory]?.path) : undefined;
    return directory === undefined || name.startsWith("/") ? name : `${directory}/${name}`;
  }
}

/** Reads the tables between the fixed part of a line table's header and its program. @throws Fault */
export function readFileNames(unit: Unit, cursor: Cursor, format: UnitFormat): FileNames {
  if (format.version < 5) return oldFileNames(unit, cursor);
  const directories = readEntries(cursor, format);
  return new FileNames(unit, directories, readEntries(cursor, format));
}

function readEntries(cursor: Cursor, format: UnitFormat): FileEntry[] {
  const contents: [type: number, form: number][] = [];
  for (let count = cursor.u8(); count > 0; count--) contents.push([cursor.uleb(), cursor.uleb()]);
  const entries: FileEntry[] = [];
  for (let count = cursor.uleb(); count > 0; count--) {
    let path: Attribute | undefined;
    let directory = 0;
    let md5: Uint8Array | undefined;
    const before = cursor.at;
    for (const [type, form] of contents) {
      const attribute = readAttribute(cursor, form, format, 0n);
      if (type === DW_LNCT_path) path = attribute;
      else if (type === DW_LNCT_directory_index && attribute.kind === "constant") directory = Number(attribute.value);
      else if (type === DW_LNCT_MD5 && attribute.kind === "block" && attribute.bytes.length === 16)
        md5 = attribute.bytes;
    }
    // Entries without bytes end the table, because a damaged table could declare billions of them.
    if (cursor.at === before) break;
    entries.push({ path, directory, md5 });
  }
  return entries;
}

/**
 * Reads the file names of DWARF 2 to 4: inline strings that end with an empty one. Files and directories count from 1.
 */
function oldFileNames(unit: Unit, cursor: Cursor): FileNames {
  const directories: FileEntry[] = [{ path: undefined, directory: 0 }];
  for (let name = cursor.text(); name !== ""; name = cursor.text()) {
    directories.push({ path: { kind: "text", value: name }, directory: 0 });
  }
  const files: FileEntry[] = [{ path: undefined, directory: 0 }];
  for (let name = cursor.text(); name !== ""; name = cursor.text()) {
    files.push({ path: { kind: "text", value: name }, directory: cursor.uleb() });
    cursor.skipLeb(); // time of last modification
    cursor.skipLeb(); // length
  }
  return new FileNames(unit, directories, files);
}
