import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What the extension host runs; the results go to a file that the runner counts. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "tdd", timeout: 60_000, reporter: "min" });
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, "suite.ts", mocha);
  await import("./suite.ts");
  const results: { title: string; error: string | undefined; ms: number }[] = [];
  const failures = await new Promise<number>((done) => {
    const runner = mocha.run(done);
    runner.on("pass", (test) => results.push({ title: test.fullTitle(), error: undefined, ms: test.duration ?? 0 }));
    runner.on("fail", (test, error: Error) =>
      results.push({ title: test.fullTitle(), error: error.stack ?? error.message, ms: 0 }),
    );
  });
  const report = process.env["HOST_TEST_REPORT"];
  if (report) writeFileSync(report, JSON.stringify(results));
  if (failures > 0) throw new Error(`${failures} failed`);
}
