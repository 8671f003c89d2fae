/** Lists the settings that decide what happens after a failure. */
import { Fault } from "../../base/fault.ts";
import { isOn, type KnownSetting, panicEvent, panicSettings as settingsOf } from "../../linux/kdump/panicSettings.ts";
import type { Evidence } from "../evidence.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Reports what panics the kernel and what does not, the watchdogs, and what the sysrq key allows. */
export const panicSettings: HealthCheck = {
  id: "panic-settings",
  title: "panic and watchdog settings",
  shows: "p panic_on_oops",
  *run(kernel) {
    const known = settingsOf(kernel);
    const [first, ...rest] = known.map(evidenceOf);
    if (!first) throw Fault.of("unknown", "the kernel has none of the known panic settings");
    yield observed(
      "panic-settings",
      "note",
      Object.fromEntries(known.map(({ setting, value }) => [setting.sysctl, value])),
      [sentence(known)],
      first,
      ...rest,
    );
    return "";
  },
};

const evidenceOf = ({ setting, value }: KnownSetting): Evidence => ({
  kind: "sysctl",
  name: setting.variable,
  value: String(value),
});

/** Returns the settings in words: first which events panic the kernel, then the others. */
function sentence(known: readonly KnownSetting[]): string {
  const valueOf = (sysctl: string) => known.find(({ setting }) => setting.sysctl === sysctl)?.value;
  const events = (isWanted: boolean): string =>
    known
      .flatMap(({ setting, value }) =>
        isOn(setting, value, valueOf) === isWanted ? (panicEvent(setting, value) ?? []) : [],
      )
      .join(", ");
  const clauses = [
    `The kernel panics after: ${events(true) || "none of the events that can be chosen"}`,
    ...(events(false) === "" ? [] : [`it does not panic after: ${events(false)}`]),
    ...known.flatMap(({ setting, value }) => setting.words?.(value) ?? []),
  ];
  return `${clauses.join("; ")}.`;
}
