/** Writes the commands of a terminal session with their outputs to a notebook. */
import { openSync, writeSync } from "node:fs";
import type { SessionFacts } from "../crash/language/command.ts";
import { markdownOf } from "../document/markdown.ts";
import { RecordedOutput, sessionHeading } from "../document/transcript.ts";
import { refuseInputs } from "../session/refuseInputs.ts";

/** A notebook that grows by one cell per command, so that it is complete whenever the session ends. */
export class Recorder {
  private readonly descriptor: number;
  private cell: { readonly lines: string; readonly output: RecordedOutput } | undefined;

  /**
   * Creates or overwrites the notebook. @throws UsageError for a file that the session reads; NodeJS.ErrnoException if
   * it cannot be created
   */
  constructor(path: string, session: SessionFacts) {
    refuseInputs(session, path);
    this.descriptor = openSync(path, "w");
    writeSync(this.descriptor, markdownOf([sessionHeading(session.vmcore)]));
  }

  /**
   * Begins a command. A line of a command file replaces the line that runs the file; an empty line is not recorded.
   */
  begin(lines: string): void {
    this.cell = lines.trim() === "" ? undefined : { lines, output: new RecordedOutput() };
  }

  /** Adds output of the current command. */
  add(text: string): void {
    this.cell?.output.add(text.replace(/\n$/, ""));
  }

  /** Notes that the user cancelled the current command. */
  cancelled(): void {
    this.cell?.output.cancelled();
  }

  /** Writes the current command with its output. */
  end(): void {
    const { cell } = this;
    if (cell)
      writeSync(
        this.descriptor,
        `\n${markdownOf([{ kind: "command", lines: cell.lines, output: cell.output.text() }])}`,
      );
    this.cell = undefined;
  }
}
