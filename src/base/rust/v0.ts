/**
 * Rust's symbol mangling v0: RFC 2603, and The rustc book, "v0 Symbol Format". Each method is one rule of that grammar:
 * it reads its part of the symbol and writes the source text.
 */
import { Malformed, V0Reader } from "./v0Reader.ts";

/**
 * Maximum depth of paths, number of steps, and length of the result in characters, because a symbol can refer to its
 * own parts.
 */
const MAX_DEPTH = 200;
const MAX_STEPS = 20_000;
const MAX_NAME_LENGTH = 65_536;

const BASIC_TYPES: Readonly<Record<string, string>> = {
  ...{ a: "i8", s: "i16", l: "i32", x: "i64", n: "i128", i: "isize" },
  ...{ h: "u8", t: "u16", m: "u32", y: "u64", o: "u128", j: "usize" },
  ...{ b: "bool", c: "char", d: "f64", e: "str", f: "f32", p: "_", u: "()", v: "...", z: "!" },
};
const SIGNED = "aslxni";
const UNSIGNED = "htmyoj";

/**
 * Returns `kernel::print::call_printk` for `_RNvNtCshc5sK6KjdJJ_6kernel5print11call_printk`, without the crates'
 * hashes. @returns undefined for any other symbol
 */
export function demangleV0(symbol: string): string | undefined {
  const [, mangled, suffix = ""] = /^_R([A-Z]\w*)([.$].*)?$/s.exec(symbol) ?? [];
  if (mangled === undefined) return undefined;
  try {
    return new Demangler(mangled).symbol() + (suffix.startsWith(".llvm.") ? "" : suffix);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

class Demangler extends V0Reader {
  private out = "";
  private depth = 0;
  private steps = 0;
  /** Count of lifetimes named by the enclosing binders. */
  private lifetimes = 0;

  symbol(): string {
    this.path(true);
    // The crate that instantiated the generic.
    if (this.at < this.text.length) this.silently(() => this.path(false));
    if (this.at < this.text.length) throw new Malformed();
    return this.out;
  }

  /** Writes a path. @param inValue whether it is in an expression, where generic arguments follow `::` */
  private path(inValue: boolean): void {
    this.enter();
    const tag = this.next();
    if (tag === "C") this.write(this.identifier().name);
    else if (tag === "N") this.nested(inValue);
    else if (tag === "M" || tag === "X" || tag === "Y") this.implementation(tag);
    else if (tag === "I") {
      this.path(inValue);
      this.write(inValue ? "::<" : "<");
      this.list(", ", () => this.argument());
      this.write(">");
    } else if (tag === "B") this.backReference(() => this.path(inValue));
    else throw new Malformed();
    this.depth--;
  }

  private nested(inValue: boolean): void {
    const namespace = this.next();
    if (!/[a-zA-Z]/.test(namespace)) throw new Malformed();
    this.path(inValue);
    const { name, disambiguator } = this.identifier();
    if (namespace >= "a") {
      if (name !== "") this.write(`::${name}`);
      return;
    }
    // Namespaces for items that have no name in the source.
    const kind = namespace === "C" ? "closure" : namespace === "S" ? "shim" : namespace;
    this.write(`::{${kind}${name === "" ? "" : `:${name}`}#${disambiguator}}`);
  }

  /** Writes `<T>` of an inherent impl, `<T as Trait>` of a trait's. */
  private implementation(tag: "M" | "X" | "Y"): void {
    if (tag !== "Y") {
      this.disambiguator();
      this.silently(() => this.path(false));
    }
    this.write("<");
    this.type();
    if (tag !== "M") {
      this.write(" as ");
      this.path(false);
    }
    this.write(">");
  }

  private argument(): void {
    if (this.skip("L")) this.lifetime(this.base62());
    else if (this.skip("K")) this.constant();
    else this.type();
  }

  private type(): void {
    this.enter();
    const tag = this.next();
    const basic = BASIC_TYPES[tag];
    if (basic !== undefined) this.write(basic);
    else if (tag === "R" || tag === "Q") this.referenceTo(tag === "Q");
    else if (tag === "P" || tag === "O") {
      this.write(tag === "P" ? "*const " : "*mut ");
      this.type();
    } else if (tag === "A" || tag === "S") this.array(tag === "A");
    else if (tag === "T") {
      this.write("(");
      this.write(this.list(", ", () => this.type()) === 1 ? ",)" : ")");
    } else if (tag === "F") this.binder(() => this.functionType());
    else if (tag === "D") this.traitObject();
    else if (tag === "B") this.backReference(() => this.type());
    else {
      this.at--;
      this.path(false);
    }
    this.depth--;
  }

  private referenceTo(isMutable: boolean): void {
    this.write("&");
    const lifetime = this.skip("L") ? this.base62() : 0;
    if (lifetime !== 0) {
      this.lifetime(lifetime);
      this.write(" ");
    }
    if (isMutable) this.write("mut ");
    this.type();
  }

  private array(hasLength: boolean): void {
    this.write("[");
    this.type();
    if (hasLength) {
      this.write("; ");
      this.constant();
    }
    this.write("]");
  }

  private functionType(): void {
    if (this.skip("U")) this.write("unsafe ");
    if (this.skip("K")) {
      const abi = this.skip("C") ? "C" : this.undisambiguated().replaceAll("_", "-");
      this.write(`extern "${abi}" `);
    }
    this.write("fn(");
    this.list(", ", () => this.type());
    this.write(")");
    if (this.skip("u")) return;
    this.write(" -> ");
    this.type();
  }

  private traitObject(): void {
    this.write("dyn ");
    this.binder(() => void this.list(" + ", () => this.boundTrait()));
    if (!this.skip("L")) throw new Malformed();
    const lifetime = this.base62();
    if (lifetime === 0) return;
    this.write(" + ");
    this.lifetime(lifetime);
  }

  /** Writes a trait with its associated types among the generic arguments: `Iterator<Item = u8>`. */
  private boundTrait(): void {
    const before = this.out.length;
    this.path(false);
    let isOpen = false;
    while (this.skip("p")) {
      // Associated types are added to the generic arguments of the path, if it has some.
      if (!isOpen && this.out.endsWith(">") && this.out.length > before) this.out = `${this.out.slice(0, -1)}, `;
      else this.write(isOpen ? ", " : "<");
      isOpen = true;
      this.write(`${this.undisambiguated()} = `);
      this.type();
    }
    if (isOpen) this.write(">");
  }

  private constant(): void {
    this.enter();
    const tag = this.next();
    if (tag === "B") this.backReference(() => this.constant());
    else if (tag === "p") this.write("_");
    else if (SIGNED.includes(tag)) this.write(`${this.skip("n") ? "-" : ""}${this.hexadecimal()}`);
    else if (UNSIGNED.includes(tag)) this.write(String(this.hexadecimal()));
    else if (tag === "b") {
      const value = this.hexadecimal();
      if (value > 1n) throw new Malformed();
      this.write(value === 1n ? "true" : "false");
    } else if (tag === "c") {
      const value = this.hexadecimal();
      if (value > 0x10ffffn) throw new Malformed();
      this.write(`'${String.fromCodePoint(Number(value))}'`);
    } else throw new Malformed();
    this.depth--;
  }

  /** Writes a binder, `for<'a, 'b> `, and then what `within` writes. */
  private binder(within: () => void): void {
    const before = this.lifetimes;
    const count = this.skip("G") ? this.base62() + 1 : 0;
    if (count > MAX_DEPTH) throw new Malformed();
    if (count > 0) {
      this.write("for<");
      for (let i = 0; i < count; i++) {
        this.lifetimes++;
        if (i > 0) this.write(", ");
        this.lifetime(1);
      }
      this.write("> ");
    }
    within();
    this.lifetimes = before;
  }

  /** Writes a lifetime. @param index de Bruijn index, counted from 1; 0 is an erased lifetime */
  private lifetime(index: number): void {
    const depth = this.lifetimes - index;
    if (index === 0) this.write("'_");
    else if (depth < 0) throw new Malformed();
    else this.write(depth < 26 ? `'${String.fromCharCode(0x61 + depth)}` : `'_${depth}`);
  }

  /** Writes the earlier part to which a back reference points. Its position counts from the end of `_R`. */
  private backReference(rule: () => void): void {
    const place = this.base62();
    const back = this.at;
    // A back reference may only point to an earlier position, so that there are no cycles.
    if (place >= back - 1) throw new Malformed();
    this.at = place;
    rule();
    this.at = back;
  }

  /** Writes the items up to the closing `E`. @returns their number */
  private list(separator: string, one: () => void): number {
    let count = 0;
    for (; !this.skip("E"); count++) {
      if (count > 0) this.write(separator);
      one();
    }
    return count;
  }

  /** Reads a part without writing it. */
  private silently(rule: () => void): void {
    const before = this.out;
    rule();
    this.out = before;
  }

  private enter(): void {
    if (++this.depth > MAX_DEPTH || ++this.steps > MAX_STEPS) throw new Malformed();
  }

  private write(text: string): void {
    this.out += text;
    if (this.out.length > MAX_NAME_LENGTH) throw new Malformed();
  }
}
