/** The verb `completions`: prints the completions for a shell. */
import { commands } from "../../crash/commands.ts";
import { EXIT_ANSWERED, EXIT_USAGE } from "../exit.ts";
import { commonFlags, type Flag, SUMMARIES, synopses } from "./synopsis.ts";

const USAGE = "usage: vmcore-debug completions bash|zsh|fish\n";

/** Runs `vmcore-debug completions SHELL`. @returns the exit status */
export function completions([shell = ""]: readonly string[]): number {
  const print = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (print === undefined) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  process.stdout.write(print());
  return EXIT_ANSWERED;
}

/** The shells, each with its completions as a script. */
export const shells: Readonly<Record<string, () => string>> = { bash, zsh, fish };

const MADE = "Made by: vmcore-debug completions";

/** Values that are names of files or directories. */
const isPath = ({ value = "" }: Flag): boolean => /FILE|DIR|VMLINUX|PATH/.test(value);
const isCommand = ({ value }: Flag): boolean => value === "CMD";
const namesOf = (flags: readonly Flag[]): string => flags.flatMap(({ names }) => names).join(" ");
const crashCommands = (): string =>
  commands()
    .map(({ name }) => name)
    .filter((name) => /^\w+$/.test(name))
    .join(" ");

function bash(): string {
  const common = commonFlags();
  const all = [...common, ...synopses().flatMap(({ flags }) => flags)];
  const valued = (isWanted: (flag: Flag) => boolean): string =>
    [...new Set(all.filter((flag) => flag.value !== undefined && isWanted(flag)).flatMap(({ names }) => names))].join(
      "|",
    );
  return `# ${MADE} bash
_vmcore_debug() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} flags="${namesOf(common)}"
  COMPREPLY=()
  case $prev in
    ${valued(isCommand)}) mapfile -t COMPREPLY < <(compgen -W "${crashCommands()}" -- "$cur"); return ;;
    ${valued(isPath)}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    ${valued((flag) => !isPath(flag) && !isCommand(flag))}) return ;;
  esac
  case $verb in
${synopses()
  .map(({ verb, flags }) => `    ${verb}) flags="${namesOf(flags)} $flags" ;;`)
  .join("\n")}
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
  elif [[ $prev == completions ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${Object.keys(shells).join(" ")}" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    if ((COMP_CWORD == 1)); then
      mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "${synopses()
        .map(({ verb }) => verb)
        .join(" ")}" -- "$cur")
    fi
  fi
}
complete -o filenames -F _vmcore_debug vmcore-debug
`;
}

/** Text in single quotes, in which zsh needs `[`, `]` and `:` escaped. */
const zshText = (text: string): string => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, "\\$&");

function zsh(): string {
  const specification = (flag: Flag): string => {
    const what = flag.help === "" ? "" : `[${zshText(flag.help)}]`;
    const action = isPath(flag) ? "_files" : isCommand(flag) ? "_vmcore_debug_commands" : " ";
    const value = flag.value === undefined ? "" : `:${zshText(flag.value)}:${action}`;
    return flag.names.map((name) => `'*${name}${what}${value}'`).join(" ");
  };
  const lines = (flags: readonly Flag[]): string => flags.map((flag) => `    ${specification(flag)}`).join("\n");
  return `#compdef vmcore-debug
# ${MADE} zsh
_vmcore_debug_commands() {
  local -a names=(${crashCommands()})
  compadd -a names
}
_vmcore_debug() {
  local -a verbs flags
  verbs=(
${synopses()
  .map(({ verb }) => `    '${verb}:${zshText(SUMMARIES[verb] ?? "")}'`)
  .join("\n")}
  )
  flags=(
${lines(commonFlags())}
  )
  case $words[2] in
${synopses()
  .filter(({ flags }) => flags.length > 0)
  .map(({ verb, flags }) => `    ${verb}) flags+=(${flags.map(specification).join(" ")}) ;;`)
  .join("\n")}
    completions) compadd ${Object.keys(shells).join(" ")}; return ;;
  esac
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe -t verbs verb verbs
  fi
  _arguments -s $flags '*:file:_files'
}
_vmcore_debug "$@"
`;
}

/** Text in single quotes of fish. */
const fishText = (text: string): string => text.replace(/[\\']/g, "\\$&");

function fish(): string {
  const line = (flag: Flag, condition: string): string => {
    const names = flag.names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
    const value =
      flag.value === undefined ? "" : isPath(flag) ? " -r -F" : isCommand(flag) ? ` -x -a '${crashCommands()}'` : " -x";
    const help = flag.help === "" ? "" : ` -d '${fishText(flag.help)}'`;
    return `complete -c vmcore-debug${condition} ${names.join(" ")}${value}${help}`;
  };
  return [
    `# ${MADE} fish`,
    ...synopses().map(
      ({ verb }) =>
        `complete -c vmcore-debug -n __fish_use_subcommand -a ${verb} -d '${fishText(SUMMARIES[verb] ?? "")}'`,
    ),
    ...commonFlags().map((flag) => line(flag, "")),
    ...synopses().flatMap(({ verb, flags }) =>
      flags.map((flag) => line(flag, ` -n '__fish_seen_subcommand_from ${verb}'`)),
    ),
    `complete -c vmcore-debug -n '__fish_seen_subcommand_from completions' -f -a '${Object.keys(shells).join(" ")}'`,
    "",
  ].join("\n");
}
