import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, suiteSetup, suiteTeardown, test } from "mocha";
import * as vscode from "vscode";
import { isSystemError } from "../../../src/base/systemError.ts";

const EXTENSION = "vmcore-debug.vmcore-debug";
const INSMOD = 169;

const extension = (): vscode.Extension<unknown> => {
  const found = vscode.extensions.getExtension(EXTENSION);
  assert.ok(found);
  return found;
};
const sample = (): string => join(extension().extensionPath, "sample", "vmcore");

/** The first value of `read` that is not undefined. */
async function until<T>(what: string, read: () => T | undefined, patience = 20_000): Promise<T> {
  for (const end = Date.now() + patience; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    const value = read();
    if (value !== undefined) return value;
  }
  throw new Error(`waited in vain for ${what}`);
}

const focusedFrame = (): vscode.DebugStackFrame | undefined => {
  const item = vscode.debug.activeStackItem;
  return item instanceof vscode.DebugStackFrame ? item : undefined;
};

async function open(configuration: object): Promise<vscode.DebugSession> {
  const started = await vscode.debug.startDebugging(undefined, {
    type: "vmcore",
    request: "launch",
    name: "crash",
    ...configuration,
  });
  assert.ok(started);
  await until("a focused frame", focusedFrame);
  assert.ok(vscode.debug.activeDebugSession);
  return vscode.debug.activeDebugSession;
}

async function close(): Promise<void> {
  await vscode.debug.stopDebugging();
  await until("the session's end", () => (vscode.debug.activeDebugSession ? undefined : true));
}

suite("a crash dump in the extension host", () => {
  let session: vscode.DebugSession;
  suiteSetup(async () => {
    session = await open({ vmcore: sample(), search: false });
  });
  suiteTeardown(close);

  test("the focus lands on the frame that crashed, not on the machinery above it", async () => {
    const frame = await until("the crashed frame", () => {
      const item = focusedFrame();
      return item?.threadId === INSMOD ? item : undefined;
    });
    const { stackFrames } = (await session.customRequest("stackTrace", { threadId: INSMOD })) as {
      stackFrames: { id: number; name: string }[];
    };
    assert.equal(stackFrames.find(({ id }) => id === frame.frameId)?.name, "lab_apply+0x2f");
  });

  test("the editor shows the faulting instruction", async () => {
    const editor = await until("an editor", () => vscode.window.activeTextEditor);
    const line = editor.document.lineAt(editor.selection.active.line).text;
    assert.match(line, /ffffffffc024b02f .*mov\s+%ebp,\(%rax\)/);
  });

  test("every command of the manifest is there", async () => {
    const { contributes } = extension().packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = new Set(await vscode.commands.getCommands());
    assert.deepEqual(
      contributes.commands.filter(({ command }) => !registered.has(command)),
      [],
    );
  });

  test("the stack is copied as Markdown", async () => {
    await vscode.commands.executeCommand("vmcore.copyStackAsMarkdown");
    const text = await vscode.env.clipboard.readText();
    assert.match(text, /BUG: kernel NULL pointer dereference[^]*lab_apply\+0x2f \[lab_nullderef\]/);
  });

  test("going to an address shows its function disassembled", async () => {
    await vscode.commands.executeCommand("vmcore.goTo", "panic");
    const editor = await until("the listing of panic", () => {
      const active = vscode.window.activeTextEditor;
      return active?.document.uri.path.endsWith("panic.s") ? active : undefined;
    });
    assert.match(editor.document.lineAt(0).text, /^panic:/);
  });

  test("memory is shown at an address", async () => {
    await vscode.commands.executeCommand("vmcore.viewMemory", "linux_banner");
    const { label } = await until("memory", () => {
      const active = vscode.window.tabGroups.activeTabGroup.activeTab;
      return active?.label.startsWith("Memory ") === true ? active : undefined;
    });
    assert.match(label, /^Memory 0xffffffff[0-9a-f]{8}$/);
  });

  test("a pasted oops is known to the language server, which asks the session", async () => {
    const content =
      "[    6.933795] BUG: kernel NULL pointer dereference\n[    6.933795] RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]";
    const { uri } = await vscode.workspace.openTextDocument({ content });
    const ask = <T>(command: string, ...args: unknown[]): Thenable<T> =>
      vscode.commands.executeCommand<T>(command, uri, ...args);
    let text = "";
    for (const end = Date.now() + 20_000; Date.now() < end && !text.includes("ffffffffc024b02f");) {
      const hovers = await ask<vscode.Hover[]>("vscode.executeHoverProvider", new vscode.Position(1, 28));
      text = hovers.flatMap(({ contents }) => contents.map((part) => (part as vscode.MarkdownString).value)).join("\n");
      await new Promise((done) => setTimeout(done, 50));
    }
    assert.match(text, /0xffffffffc024b02f/);
    const symbols = await ask<vscode.DocumentSymbol[]>("vscode.executeDocumentSymbolProvider");
    assert.deepEqual(
      symbols.map(({ name }) => name),
      ["BUG: kernel NULL pointer dereference"],
    );
    const lenses = await ask<vscode.CodeLens[]>("vscode.executeCodeLensProvider");
    assert.ok(lenses.some(({ command }) => command?.title === "Go to lab_apply"));
  });

  test("our own requests answer in the session", async () => {
    const about = (await session.customRequest("vmcore/about", {})) as { release: string };
    assert.equal(about.release, "6.1.0-56-cloud-amd64");
  });

  test("a tool of language models answers about the session", async () => {
    const { content } = await vscode.lm.invokeTool("vmcore_tasks", {
      input: { name: "insmod" },
      toolInvocationToken: undefined,
    });
    const [text] = content;
    assert.ok(text instanceof vscode.LanguageModelTextPart);
    assert.match(text.value, /^1 task\.\ncommand: ps\n/);
  });

  test("a continue is refused and the session stays", async () => {
    await assert.rejects(Promise.resolve(session.customRequest("continue", { threadId: INSMOD })), /does not run/);
    assert.equal(vscode.debug.activeDebugSession?.id, session.id);
  });
});

suite("opening and losing a dump", () => {
  test("a dump file opens in its own editor", async () => {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(sample()));
    const input = await until("the dump's tab", () => {
      const active = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return active instanceof vscode.TabInputCustom ? active : undefined;
    });
    assert.equal(input.viewType, "vmcore.dump");
  });

  test("a relative path counts from the workspace folder", async () => {
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder);
    const started = await vscode.debug.startDebugging(folder, {
      type: "vmcore",
      request: "launch",
      name: "crash",
      vmcore: "vmcore",
    });
    assert.ok(started);
    await until("a focused frame", focusedFrame);
    assert.equal(vscode.debug.activeDebugSession?.configuration.vmcore, join(folder.uri.fsPath, "vmcore"));
    await close();
  });

  test("a dump that is not there does not start, and the next one does", async () => {
    const refused = answered("launch", ({ success, message }) => {
      assert.equal(success, false);
      assert.match(message ?? "", /no such dump/);
    });
    void vscode.debug.startDebugging(undefined, {
      type: "vmcore",
      request: "launch",
      name: "crash",
      vmcore: "/nowhere/vmcore",
    });
    await refused;
    assert.equal(focusedFrame(), undefined);
    await vscode.commands.executeCommand("workbench.action.debug.stop");
    await until("the session's end", () => (vscode.debug.activeDebugSession ? undefined : true));
    await open({ vmcore: sample(), search: false });
    await close();
  });

  test("an adapter that is killed ends its session, and a new one starts", async () => {
    await open({ vmcore: sample(), search: false });
    for (const pid of ownAdapters()) process.kill(pid, "SIGKILL");
    await until("the session's end", () => (vscode.debug.activeDebugSession ? undefined : true));
    await open({ vmcore: sample(), search: false });
    await close();
  });
});

interface Response {
  readonly type: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly message?: string;
}

/** The next response to a request of any session, once `check` has looked at it. */
function answered(command: string, check: (response: Response) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory("vmcore", {
      createDebugAdapterTracker: () => ({
        onDidSendMessage(message: Response) {
          if (message.type !== "response" || message.command !== command) return;
          tracker.dispose();
          try {
            resolve(check(message));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
      }),
    });
  });
}

/** Adapters that this very test run has started, by the mark in their environment. */
function ownAdapters(): number[] {
  const mark = `HOST_TEST_REPORT=${process.env["HOST_TEST_REPORT"]}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const isAdapter = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("dist/adapter.js");
        return isAdapter && readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark);
      } catch (error) {
        // It has ended meanwhile, or is another user's.
        if (isSystemError(error)) return false;
        throw error;
      }
    })
    .map(Number);
}
