/** The rows of the matrix: a machine, a kernel of Debian and a variant of the guest. Rows of one kernel follow each other. */

export interface Row {
  readonly name: string;
  readonly machine: string;
  /** What is special about the guest, for docs/support.md. */
  readonly variant: string;
  readonly kernel: Kernel;
  /** Settings of foreign/conf.sh. */
  readonly guest?: Readonly<Partial<Record<"CPU" | "MEM" | "MACHINE" | "SID", string>>>;
  /** More of the kernel's command line. */
  readonly append?: string;
}

export interface Kernel {
  /** The folder of the unpacked packages; its first word is the architecture for foreign/conf.sh. */
  readonly name: string;
  readonly suite: string;
  /** Debian's name of the architecture. */
  readonly debian: string;
  /** Regular expressions of package names. */
  readonly packages: readonly string[];
}

/** @param flavour the end of the packages' names */
function kernel(name: string, suite: string, debian: string, version: string, flavour: string): Kernel {
  const of = (kind: string, end = ""): string => `^linux-${kind}-${version}[.][^a-z]*(deb1[0-9.]*)?-${flavour}${end}$`;
  // Debian signs the kernels of three architectures, and packs unstable's in two parts.
  const isSigned = ["amd64", "arm64", "i386"].includes(debian);
  const packages = suite === "sid" ? [of("binary"), of("modules")] : [of("image", isSigned ? "-unsigned" : "")];
  return { name, suite, debian, packages };
}

const x86_64 = { machine: "x86_64", guest: { CPU: "max,la57=off" } };
const riscv64 = kernel("riscv64-6.12", "trixie", "riscv64", "6.12", "riscv64");
const ppc64le61 = kernel("ppc64le-6.1", "bookworm", "ppc64el", "6.1", "powerpc64le");
const ppc64le612 = kernel("ppc64le-6.12", "trixie", "ppc64el", "6.12", "powerpc64le");
const loongarch64 = kernel("loong64-7", "sid", "loong64", "7", "loong64");
const ppc64le764k = kernel("ppc64le-7_64k", "sid", "ppc64el", "7", "powerpc64le-64k");
const s390x = kernel("s390x-6.12", "trixie", "s390x", "6.12", "s390x");
const i386pae = kernel("i386-6.1", "bookworm", "i386", "6.1", "686-pae");
const i386 = kernel("i386-6.1nopae", "bookworm", "i386", "6.1", "686");
const x86_64newest = kernel("amd64-7", "sid", "amd64", "7", "cloud-amd64");
const arm64newest = kernel("arm64-7", "sid", "arm64", "7", "arm64");

export const rows: readonly Row[] = [
  { ...x86_64, name: "x86_64-5.10", variant: "", kernel: kernel("amd64-5.10", "bullseye", "amd64", "5.10", "cloud-amd64") }, // prettier-ignore
  { ...x86_64, name: "x86_64-6.1", variant: "", kernel: kernel("amd64-6.1", "bookworm", "amd64", "6.1", "cloud-amd64") }, // prettier-ignore
  { ...x86_64, name: "x86_64-6.12", variant: "", kernel: kernel("amd64-6.12", "trixie", "amd64", "6.12", "cloud-amd64") }, // prettier-ignore
  { ...x86_64, name: "x86_64-6.12-rt", variant: "PREEMPT_RT", kernel: kernel("amd64-6.12rt", "trixie", "amd64", "6.12", "rt-amd64") }, // prettier-ignore
  { ...x86_64, name: "x86_64-7", variant: "", kernel: x86_64newest },
  { ...x86_64, name: "x86_64-7-la57", variant: "5-level page tables", kernel: x86_64newest, guest: { CPU: "max" } },
  { ...x86_64, name: "x86_64-7-nehalem", variant: "Nehalem, page table isolation, no KASLR", kernel: x86_64newest, guest: { CPU: "Nehalem" }, append: "pti=on nokaslr" }, // prettier-ignore
  { machine: "arm64", name: "arm64-6.1", variant: "4K pages, 48 bits", kernel: kernel("arm64-6.1", "bookworm", "arm64", "6.1", "arm64") }, // prettier-ignore
  { machine: "arm64", name: "arm64-6.12", variant: "4K pages, 52 bits", kernel: kernel("arm64-6.12", "trixie", "arm64", "6.12", "cloud-arm64") }, // prettier-ignore
  { machine: "arm64", name: "arm64-6.12-16k", variant: "16K pages", kernel: kernel("arm64-6.12_16k", "trixie", "arm64", "6.12", "arm64-16k") }, // prettier-ignore
  { machine: "arm64", name: "arm64-7", variant: "4K pages, 52 bits", kernel: arm64newest },
  { machine: "arm64", name: "arm64-7-a57", variant: "4K pages, 52 bits fall back to 48", kernel: arm64newest, guest: { CPU: "cortex-a57" } }, // prettier-ignore
  { machine: "arm64", name: "arm64-7-mte", variant: "4K pages, 52 bits, memory tags", kernel: arm64newest, guest: { MACHINE: "virt,gic-version=3,mte=on" } }, // prettier-ignore
  { machine: "arm64", name: "arm64-7-16k", variant: "16K pages, no KASLR", kernel: kernel("arm64-7_16k", "sid", "arm64", "7", "arm64-16k"), append: "nokaslr" }, // prettier-ignore
  { machine: "arm", name: "arm-6.1", variant: "", kernel: kernel("armhf-6.1", "bookworm", "armhf", "6.1", "armmp") },
  { machine: "arm", name: "arm-6.1-lpae", variant: "LPAE", kernel: kernel("armhf-6.1lpae", "bookworm", "armhf", "6.1", "armmp-lpae") }, // prettier-ignore
  { machine: "arm", name: "arm-6.12", variant: "", kernel: kernel("armhf-6.12", "trixie", "armhf", "6.12", "armmp") },
  { machine: "arm", name: "arm-7", variant: "", kernel: kernel("armhf-7", "sid", "armhf", "7", "armmp") },
  { machine: "i386", name: "i386-5.10-pae", variant: "PAE", kernel: kernel("i386-5.10", "bullseye", "i386", "5.10", "686-pae") }, // prettier-ignore
  { machine: "i386", name: "i386-6.1-pae", variant: "PAE", kernel: i386pae }, // prettier-ignore
  { machine: "i386", name: "i386-6.1", variant: "no PAE", kernel: i386 },
  { machine: "i386", name: "i386-6.1-1g", variant: "no PAE, high memory", kernel: i386, guest: { MEM: "1200" } },
  { machine: "i386", name: "i386-6.1-p3", variant: "no PAE, Pentium III", kernel: i386, guest: { CPU: "pentium3" } },
  { machine: "riscv64", name: "riscv64-6.12-sv39", variant: "Sv39", kernel: riscv64, append: "no4lvl" },
  { machine: "riscv64", name: "riscv64-6.12-sv48", variant: "Sv48", kernel: riscv64, append: "no5lvl" },
  { machine: "riscv64", name: "riscv64-6.12-sv57", variant: "Sv57", kernel: riscv64 },
  { machine: "riscv64", name: "riscv64-6.12-v", variant: "Sv57, vectors, no KASLR", kernel: riscv64, guest: { CPU: "rv64,v=true" }, append: "nokaslr" }, // prettier-ignore
  { machine: "riscv64", name: "riscv64-7", variant: "Sv57", kernel: kernel("riscv64-7", "sid", "riscv64", "7", "riscv64") }, // prettier-ignore
  { machine: "loongarch64", name: "loongarch64-7", variant: "16K pages, 3 levels", kernel: loongarch64 },
  { machine: "loongarch64", name: "loongarch64-7-max", variant: "16K pages, 3 levels, LBT, page table walker", kernel: loongarch64, guest: { CPU: "max" } }, // prettier-ignore
  { machine: "mips64el", name: "mips64el-6.1", variant: "4K pages, pmemsave", kernel: kernel("mips64el-6.1", "bookworm", "mips64el", "6.1", "5kc-malta") }, // prettier-ignore
  { machine: "ppc64le", name: "ppc64le-6.1", variant: "64K pages, radix", kernel: ppc64le61 },
  { machine: "ppc64le", name: "ppc64le-6.1-hash", variant: "64K pages, hash", kernel: ppc64le61, guest: { CPU: "power8" } }, // prettier-ignore
  { machine: "ppc64le", name: "ppc64le-6.12", variant: "4K pages, radix", kernel: ppc64le612 },
  { machine: "ppc64le", name: "ppc64le-6.12-hash", variant: "4K pages, hash", kernel: ppc64le612, append: "disable_radix" }, // prettier-ignore
  { machine: "ppc64le", name: "ppc64le-6.12-power10", variant: "4K pages, radix, POWER10", kernel: ppc64le612, guest: { CPU: "power10" } }, // prettier-ignore
  { machine: "ppc64le", name: "ppc64le-7", variant: "4K pages, radix", kernel: kernel("ppc64le-7", "sid", "ppc64el", "7", "powerpc64le") }, // prettier-ignore
  { machine: "ppc64le", name: "ppc64le-7-64k", variant: "64K pages, radix", kernel: ppc64le764k },
  { machine: "ppc64le", name: "ppc64le-7-64k-hash", variant: "64K pages, hash", kernel: ppc64le764k, guest: { CPU: "power8" } }, // prettier-ignore
  { machine: "s390x", name: "s390x-6.1", variant: "", kernel: kernel("s390x-6.1", "bookworm", "s390x", "6.1", "s390x") }, // prettier-ignore
  { machine: "s390x", name: "s390x-6.12", variant: "", kernel: s390x },
  { machine: "s390x", name: "s390x-6.12-qemu", variant: "CPU of fewer facilities, no KASLR", kernel: s390x, guest: { CPU: "qemu" }, append: "nokaslr" }, // prettier-ignore
  { machine: "s390x", name: "s390x-7", variant: "", kernel: kernel("s390x-7", "sid", "s390x", "7", "s390x"), guest: { SID: "1" } }, // prettier-ignore
];
