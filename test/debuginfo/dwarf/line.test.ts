import assert from "node:assert/strict";
import { test } from "node:test";
import type { CodeSource } from "../../../src/debuginfo/source.ts";
import type { ByteWriter } from "../../builders/byteWriter.ts";
import { at, type BuiltLines, CODE, die, DwarfBuilder, lineTable } from "../../builders/dwarf.ts";

const setAddress = (out: ByteWriter, offset: number): ByteWriter => out.u8(0, 9, 2).u64(CODE + BigInt(offset));
const endSequence = (out: ByteWriter): ByteWriter => out.u8(0, 1, 1);

function codeOf(built: BuiltLines, program: (out: ByteWriter) => void): CodeSource {
  const builder = new DwarfBuilder();
  builder.section(".debug_line", lineTable(builder, built, program));
  builder.unit(
    die(at.DW_TAG_compile_unit, [
      [at.DW_AT_low_pc, "addr", Number(CODE)],
      [at.DW_AT_high_pc, "data4", 0x1000],
      [at.DW_AT_stmt_list, "sec_offset", 0],
    ]),
  );
  return builder.open().code;
}

/** "kernel/a.c:10:0" by offset in the code. */
function lines(built: BuiltLines, program: (out: ByteWriter) => void): (offset: number) => string {
  const code = codeOf(built, program);
  return (offset) => {
    const line = code.lines?.(CODE + BigInt(offset));
    return line ? `${line.file}:${line.line}:${line.column}${line.md5 ? ` ${line.md5}` : ""}` : "";
  };
}

test("a row's range begins before an address in it and ends where the next row begins", () => {
  const code = codeOf({ files: [["a.c", 0]] }, (out) => {
    setAddress(out, 0x10).u8(1); // line 1
    out.u8(2).uleb(0xc).u8(1); // the same line again
    out.u8(2).uleb(4).u8(3).sleb(1).u8(1).u8(2).uleb(8); // line 2
    endSequence(out);
  });
  const range = (offset: number): (number | undefined)[] => {
    const found = code.lineRange?.(CODE + BigInt(offset));
    return found ? [Number(found.start - CODE), Number(found.end - CODE)] : [];
  };
  assert.deepEqual([0x10, 0x1b, 0x1c, 0x20, 0x27, 0x28].map(range), [
    [0x10, 0x1c],
    [0x10, 0x1c],
    [0x1c, 0x20],
    [0x20, 0x28],
    [0x20, 0x28],
    [],
  ]);
});

test("every standard and special opcode moves the row as the standard says", () => {
  const line = lines(
    {
      files: [
        ["a.c", 0],
        ["b.c", 0],
      ],
    },
    (out) => {
      setAddress(out, 0).u8(4).uleb(0); // set_file 0
      out.u8(1); // 0x0: line 1
      out.u8(13 + 5 + 14 * 2 + 3); // special: +2 addresses, +3 lines -> 0x2: line 4
      out.u8(8).u8(1); // const_add_pc: (255 - 13) / 14 = 17 -> 0x13
      out.u8(9).u16(0x10).u8(3).sleb(-2).u8(5).uleb(7).u8(1); // fixed_advance_pc -> 0x23: line 2, column 7
      out.u8(6, 7, 10, 11, 12).uleb(200); // negate_stmt, basic_block, prologue_end, epilogue_begin, set_isa
      out.u8(2).uleb(0x100).u8(4).uleb(1).u8(1); // advance_pc -> 0x123 in b.c
      out.u8(0, 2, 0x80, 99); // an unknown extended opcode
      out.u8(2).uleb(1);
      endSequence(out);
    },
  );
  assert.deepEqual([0, 1, 2, 0x12, 0x13, 0x22, 0x23, 0x122, 0x123, 0x124].map(line), [
    "a.c:1:0",
    "a.c:1:0",
    "a.c:4:0",
    "a.c:4:0",
    "a.c:4:0",
    "a.c:4:0",
    "a.c:2:7",
    "a.c:2:7",
    "b.c:2:7",
    "",
  ]);
});

test("addresses advance in units of the minimum instruction length", () => {
  const line = lines({ files: [["a.c", 0]], minimumLength: 4 }, (out) => {
    setAddress(out, 0)
      .u8(4)
      .uleb(0)
      .u8(1)
      .u8(13 + 5 + 14 * 2 + 1)
      .u8(2)
      .uleb(1);
    endSequence(out);
  });
  assert.deepEqual([7, 8, 11, 12].map(line), ["a.c:1:0", "a.c:2:0", "a.c:2:0", ""]);
});

test("of several rows at one address the last one counts", () => {
  const line = lines({ files: [["a.c", 0]] }, (out) => {
    setAddress(out, 0).u8(4).uleb(0).u8(1).u8(3).sleb(4).u8(1).u8(3).sleb(4).u8(1).u8(2).uleb(8);
    endSequence(out);
  });
  assert.equal(line(0), "a.c:9:0");
});

test("sequences are found in any order, and empty ones do not hide others", () => {
  const line = lines({ files: [["a.c", 0]] }, (out) => {
    for (const [start, size, number] of [
      [0x40, 8, 40],
      [0x10, 8, 10],
      [0x10, 0, 99],
      [0x80, 8, 80],
    ] as const) {
      setAddress(out, start)
        .u8(4)
        .uleb(0)
        .u8(3)
        .sleb(number - 1)
        .u8(1)
        .u8(2)
        .uleb(size);
      endSequence(out);
    }
  });
  assert.deepEqual([0x10, 0x17, 0x18, 0x40, 0x80, 0x88].map(line), [
    "a.c:10:0",
    "a.c:10:0",
    "",
    "a.c:40:0",
    "a.c:80:0",
    "",
  ]);
});

test("line 0 is no line", () => {
  const line = lines({ files: [["a.c", 0]] }, (out) => {
    setAddress(out, 0).u8(4).uleb(0).u8(3).sleb(-1).u8(1).u8(2).uleb(8);
    endSequence(out);
  });
  assert.equal(line(0), "");
});

test("a path is the file after its directory as they are spelled, without the compilation directory", () => {
  for (const version of [4, 5] as const) {
    const directories = ["./arch/x86/include/asm", "/src/kernel/../mm/", "../drivers"];
    const files = [
      ["main.c", 0],
      ["bug.h", 1],
      ["slub.c", 2],
      ["x.c", 3],
      ["/abs/y.c", 1],
    ] as const;
    const line = lines({ version, directories, files }, (out) => {
      setAddress(out, 0);
      files.forEach((_, i) =>
        out
          .u8(4)
          .uleb(version === 5 ? i : i + 1)
          .u8(1)
          .u8(2)
          .uleb(1),
      );
      endSequence(out);
    });
    assert.deepEqual([0, 1, 2, 3, 4].map(line), [
      "main.c:1:0",
      "./arch/x86/include/asm/bug.h:1:0",
      "/src/kernel/../mm//slub.c:1:0",
      "../drivers/x.c:1:0",
      "/abs/y.c:1:0",
    ]);
  }
});

test("a file's MD5 is returned with its lines if the compiler recorded it", () => {
  const md5 = ["00112233445566778899aabbccddeeff", "ff".repeat(16)];
  const line = lines(
    {
      files: [
        ["a.c", 0],
        ["b.c", 0],
      ],
      md5,
    },
    (out) => endSequence(setAddress(out, 0).u8(4).uleb(1).u8(1).u8(2).uleb(4)),
  );
  assert.equal(line(0), `b.c:1:0 ${"ff".repeat(16)}`);
});

test("a statement is the row that begins one, and its range ends before another line or statement", () => {
  const code = codeOf({ files: [["a.c", 0]] }, (out) => {
    setAddress(out, 0x10).u8(4).uleb(0).u8(1); // line 1, a statement
    out.u8(3).sleb(1).u8(6).u8(1); // line 2 at the same address, within the statement
    out.u8(2).uleb(4).u8(3).sleb(-1).u8(1); // 0x14: line 1 again
    out.u8(2).uleb(4).u8(3).sleb(2).u8(6).u8(1).u8(2).uleb(8); // 0x18: line 3, a statement
    endSequence(out);
  });
  const statement = (offset: number): number[] => {
    const found = code.statement?.(CODE + BigInt(offset));
    return found ? [found.source.line, Number(found.start - CODE), Number(found.end - CODE)] : [];
  };
  assert.deepEqual([0x10, 0x14, 0x18, 0x20].map(statement), [[1, 0x10, 0x18], [1, 0x14, 0x18], [3, 0x18, 0x20], []]);
});

test("rows of a line join its statement if they begin none or discriminators set them apart", () => {
  const code = codeOf({ files: [["a.c", 0]] }, (out) => {
    setAddress(out, 0x10).u8(4).uleb(0).u8(1); // line 1, a statement
    out.u8(6).u8(2).uleb(4).u8(1); // 0x14: line 1, no statement
    out.u8(6).u8(2).uleb(4).u8(1); // 0x18: line 1, another statement
    out.u8(2).uleb(4).u8(0, 2, 4, 1).u8(1); // 0x1c: the same statement, another block
    out.u8(2).uleb(4).u8(3).sleb(1).u8(1).u8(2).uleb(4); // 0x20: line 2
    endSequence(out);
  });
  const range = (offset: number): number[] => {
    const found = code.statement?.(CODE + BigInt(offset));
    return found ? [Number(found.start - CODE), Number(found.end - CODE)] : [];
  };
  assert.deepEqual([0x10, 0x14, 0x18, 0x1c, 0x20].map(range), [
    [0x10, 0x18],
    [0x14, 0x18],
    [0x18, 0x20],
    [0x18, 0x20],
    [0x20, 0x24],
  ]);
});
