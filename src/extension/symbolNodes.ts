/** The rows of the Debug Symbols view. */
import { basename } from "node:path";
import type { DebuginfoFacts, DebuginfoTry } from "../protocol/debuginfo.ts";

/** A row of the Debug Symbols view. */
export interface SymbolNode {
  readonly label: string;
  readonly description?: string;
  /** Set only if it says more than the row. */
  readonly tooltip?: string;
  /** A codicon with a theme color. */
  readonly icon?: readonly [name: string, color?: string];
  /**
   * Words that the menus in package.json match (`viewItem`): "image" and "missing", "server" and "copyable". A row with
   * "modules" or "text" has no actions.
   */
  readonly context: string;
  /** The text that "Copy" copies. */
  readonly copy?: string;
  /** "vmlinux" or the name of a module. */
  readonly image?: string;
  readonly isOpen?: boolean;
  readonly children?: readonly SymbolNode[];
}

const FOUND = ["pass", "testing.iconPassed"] as const;
const WARNING = ["warning", "list.warningForeground"] as const;
/** For modules of the kernel's tree. A plain circle, because many rows have it and should not all be warnings. */
const NO_DEBUGINFO = ["circle-outline"] as const;
/** For files that were found but cannot be used. */
const REFUSED = ["error", "list.errorForeground"] as const;
/** For places without a file. */
const NO_FILE = ["circle-slash"] as const;

/** Returns the rows for a dump: its kernel, its modules, the actions for missing debuginfo, its sources. */
export function symbolNodes(facts: DebuginfoFacts): SymbolNode[] {
  const missing = facts.modules.filter(({ path }) => path === undefined);
  const isDebuginfoMissing = facts.vmlinux === undefined || missing.some(({ outOfTree }) => !outOfTree);
  return [
    kernelNode(facts),
    ...(isDebuginfoMissing ? [adviceNode(facts)] : []),
    ...(facts.modules.length > 0 || facts.modulesFault !== undefined ? [modulesNode(facts, missing.length)] : []),
    ...(facts.sourceRemark === undefined ? [] : [sourcesNode(facts.sourceRemark)]),
  ];
}

const sourcesNode = (text: string): SymbolNode => ({
  label: "Sources",
  description: text.replace(/^Sources are /, ""),
  tooltip: text,
  icon: text.startsWith("Sources are ") ? ["info"] : WARNING,
  context: "copyable",
  copy: text,
});

/**
 * Returns the file's name. For a file of debuginfod's cache it is the path, because all of them are named "debuginfo".
 */
const shortName = (path: string): string => (basename(path) === "debuginfo" ? path : basename(path));

function kernelNode({ vmlinux, buildId, release, tries, mapTries }: DebuginfoFacts): SymbolNode {
  return {
    label: "Kernel",
    description: vmlinux === undefined ? "no vmlinux, so no source lines and no locals" : shortName(vmlinux),
    tooltip: `${release ?? "Kernel of an unknown release"}: ${vmlinux ?? "no vmlinux was found"}`,
    icon: vmlinux === undefined ? WARNING : FOUND,
    context: vmlinux === undefined ? "image missing" : "image",
    image: "vmlinux",
    isOpen: vmlinux === undefined,
    children: [
      ...buildIdNode(buildId),
      ...(vmlinux === undefined && tries.length === 0 ? [{ label: "Nothing was searched", description: '"search" is off', icon: NO_FILE, context: "text" }] : []), // prettier-ignore
      ...tryNodes([...tries, ...mapTries]),
    ],
  };
}

function modulesNode({ vmlinux, modules, modulesFault }: DebuginfoFacts, missing: number): SymbolNode {
  const sorted = [...modules].sort((a, b) => Number(a.path !== undefined) - Number(b.path !== undefined) || (a.name < b.name ? -1 : 1)); // prettier-ignore
  return {
    label: "Modules",
    description: `${modules.length - missing} of ${modules.length} with debuginfo`,
    icon: missing === 0 && modulesFault === undefined ? FOUND : WARNING,
    context: "modules",
    // Without a vmlinux the kernel's row matters more, and its package contains most modules.
    isOpen: vmlinux !== undefined && missing > 0,
    children: [
      ...(modulesFault === undefined ? [] : [{ label: "The list ends early", description: modulesFault, icon: REFUSED, context: "text" }]), // prettier-ignore
      ...sorted.map(({ name, path, buildId, outOfTree, tries }) => ({
        label: name,
        description:
          path !== undefined ? shortName(path) : outOfTree ? "built outside the kernel's tree" : "no debuginfo",
        tooltip: path === undefined ? missingModule(name, outOfTree) : `${name}: ${path}`,
        icon: path !== undefined ? FOUND : outOfTree ? WARNING : NO_DEBUGINFO,
        context: path === undefined ? "image missing" : "image",
        image: name,
        children: [...buildIdNode(buildId), ...tryNodes(tries)],
      })),
    ],
  };
}

const missingModule = (name: string, outOfTree: boolean): string =>
  outOfTree
    ? `${name} was built outside the kernel's tree: no package of the distribution has its debuginfo. Choose the .ko as it was built, with -g and not stripped.`
    : `No debuginfo of ${name} was found: its frames have names, but no lines and no locals.`;

function adviceNode({ advice, release }: DebuginfoFacts): SymbolNode {
  const { distribution, steps, debuginfod } = advice;
  return {
    label: "To get what is missing",
    description: distribution === undefined ? (release ?? "") : `on ${distribution}`,
    icon: ["lightbulb"],
    context: "text",
    isOpen: true,
    children: [
      ...steps.map((step) => ({ label: step, tooltip: step, icon: [/^(apt|dnf|zypper)/.test(step) ? "terminal" : "info"] as const, context: "copyable", copy: step })), // prettier-ignore
      ...(debuginfod === undefined ? [] : [{ label: debuginfod, description: "debuginfod server", icon: ["cloud-download"] as const, context: "server copyable", copy: debuginfod }]), // prettier-ignore
    ],
  };
}

const buildIdNode = (buildId: string | undefined): SymbolNode[] =>
  buildId === undefined
    ? []
    : [{ label: "build ID", description: buildId, icon: ["key"], context: "copyable", copy: buildId }];

/** Returns one row per file that was tried, and one row for all places without a file. */
function tryNodes(tries: readonly DebuginfoTry[]): SymbolNode[] {
  const absent = tries.filter(({ outcome }) => outcome === "absent");
  const seen = tries.filter(({ outcome }) => outcome !== "absent");
  return [
    ...seen.map(({ path, outcome, why }) => ({
      label: basename(path),
      description: why,
      tooltip: `${path} ${why}`,
      icon: outcome === "taken" ? FOUND : REFUSED,
      context: "copyable",
      copy: path,
    })),
    ...(absent.length > 0
      ? [
          {
            label: `${absent.length} ${absent.length === 1 ? "place" : "places"} without a file`,
            icon: NO_FILE,
            context: "text",
            children: absent.map(({ path }) => ({ label: path, context: "copyable", copy: path })),
          },
        ]
      : []),
  ];
}
