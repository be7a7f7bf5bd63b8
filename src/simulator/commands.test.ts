import { describe, expect, test } from "vitest";
import { asOffered, blockAsOffered, callFor, commandRounds, patchCall, speechOf } from "./commands.ts";
import type { OfferedTool } from "./conversation.ts";

test.each([
  ["Run the shell command `printf hello-%d-from-tool 42` and tell me its output.", [["printf hello-%d-from-tool 42"]]],
  ["Run `ls -l` and `pwd`.", [["ls -l", "pwd"]]],
  ["Please execute `a`, then `b` and `c`. Then tell me what they said.", [["a"], ["b", "c"]]],
  ["What does `ls` mean?", []],
  ["Say hi", []],
])("%s", (speech, rounds) => {
  expect(commandRounds(speech)).toEqual(rounds);
});

test("the user's words are told from what a client puts beside them", () => {
  expect(speechOf(["<system-reminder>\nUse `git` for this.\n</system-reminder>", "Say hi", "# Environment\nA shell."])).toBe("Say hi");
  expect(speechOf(["# Environment\nTo list files run `ls`.", "Run `date` now."])).toBe("Run `date` now.");
  expect(speechOf([])).toBe("");
});

const tool = (name: string, properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  name,
  schema: { type: "object", properties, required },
});

test("a shell tool is found by name and by having a field for the command", () => {
  const shell = tool("run_shell_command", { command: { type: "string" } });
  expect(callFor("ls", [tool("Bash", { path: { type: "string" } }), tool("my_terminal", { cmd: { type: "string" } }), shell])).toEqual({
    name: "run_shell_command",
    input: { command: "ls" },
  });
  expect(callFor("ls", [tool("my_terminal", { cmd: { type: "string" } })])).toEqual({ name: "my_terminal", input: { cmd: "ls" } });
  expect(callFor("ls", [tool("search", { command: { type: "string" } })])).toBeUndefined();
});

test("a command goes into a list where the tool wants one, and other required fields are filled", () => {
  const shell = tool(
    "shell",
    { command: { type: "array", items: { type: "string" } }, timeout: { type: "integer", minimum: 5 }, note: { type: "string" } },
    ["command", "timeout"],
  );
  expect(callFor("ls", [shell])).toEqual({ name: "shell", input: { command: ["bash", "-lc", "ls"], timeout: 5 } });
});

test("a tool in a group is called by both names or its own", () => {
  const find = { ...tool("find", { a: { type: "string" } }), namespace: "crm" };
  const call = { name: "find", namespace: "crm", input: { a: "b" } };
  expect([callFor('crm.find {"a":"b"}', [find]), callFor('find {"a":"b"}', [find])]).toEqual([call, call]);
});

test("free text goes to a tool that takes it, a command and the call of a nested tool into the program that it runs", () => {
  const description = "declare const tools: { view_image(args: { path: string }): Promise<{ image_url: string }>; };";
  const exec = { name: "exec", description, schema: undefined, kind: "custom" as const };
  expect(callFor("exec some text", [exec])).toEqual({ name: "exec", arguments: "some text", custom: true });
  expect(callFor("ls", [exec])?.arguments).toBe(
    'const r = await tools.exec_command({"cmd":"ls"});\nif (r.image_url) image(r.image_url); else text(r.output ?? r);\n',
  );
  expect(callFor('view_image {"path":"a.png"}', [exec])?.arguments).toMatch(/^const r = await tools\.view_image\(\{"path":"a\.png"\}\);\n/);
  expect(callFor('view_room {"path":"a.png"}', [exec])?.arguments).toContain("exec_command");
});

test("the same tools are found where their group became a part of the name and their text a field", () => {
  const patch = "*** Begin Patch\n*** Delete File: a\n*** End Patch";
  const tools = [tool("apply_patch", { input: { type: "string" } }), tool("functions__exec", { input: { type: "string" } })];
  expect(patchCall(patch, tools)).toEqual({ name: "apply_patch", input: { input: patch } });
  expect(callFor("ls", tools)).toEqual({
    name: "functions__exec",
    input: { input: 'const r = await tools.exec_command({"cmd":"ls"});\nif (r.image_url) image(r.image_url); else text(r.output ?? r);\n' },
  });
  expect(callFor("ls", [tool("exec", { code: { type: "string" } })])).toBeUndefined();
});

test("the one list of commands holds the command as it is", () => {
  expect(callFor("ls -l", [tool("shell", { commands: { type: "array" } })])).toEqual({ name: "shell", input: { commands: ["ls -l"] } });
});

test("a patch is taken out of the words that stand around it", () => {
  const apply = { name: "apply_patch", schema: undefined, kind: "custom" as const };
  const patch = "*** Begin Patch\n*** Delete File: a\n*** End Patch";
  expect(patchCall(`Apply:\n${patch}\nThanks.`, [apply])).toEqual({ name: "apply_patch", arguments: patch, custom: true });
  expect(patchCall("Apply *** Begin Patch and *** End Patch.", [apply])).toBeUndefined();
});

describe("a scripted call finds the tool that it was made for", () => {
  const text = { name: "run_sql", arguments: 'SELECT "a"', custom: true, asOffered: true as const };
  test.each<[string, OfferedTool[], object]>([
    ["as it is", [{ name: "run_sql", schema: undefined, kind: "custom" }], { name: "run_sql", arguments: 'SELECT "a"', custom: true }],
    ["as a function", [tool("run_sql", { query: { type: "string" } })], { name: "run_sql", input: { query: 'SELECT "a"' } }],
    [
      "in a group",
      [{ name: "run_sql", namespace: "db", schema: undefined, kind: "custom" }],
      { name: "run_sql", namespace: "db", arguments: 'SELECT "a"', custom: true },
    ],
    ["nowhere", [], { name: "run_sql", arguments: 'SELECT "a"', custom: true }],
  ])("%s", (_, tools, call) => {
    expect(asOffered(text, tools)).toEqual(call);
  });

  test("as a block of an answer, which keeps how it is cut", () => {
    const block = { type: "call" as const, ...text, sizes: [2] };
    const tools = [tool("run_sql", { query: { type: "string" } })];
    expect(blockAsOffered(block, tools)).toEqual({ type: "call", name: "run_sql", input: { query: 'SELECT "a"' }, sizes: [2] });
  });

  test("by the group that became a part of its name", () => {
    const tools = [tool("crm__find", {}), tool("billing__find", {})];
    expect(asOffered({ name: "find", namespace: "billing", input: {}, asOffered: true }, tools)).toEqual({
      name: "billing__find",
      input: {},
    });
  });

  test("only where the script says that it may have changed", () => {
    expect(asOffered({ name: "find", input: {} }, [tool("crm__find", {})])).toEqual({ name: "find", input: {} });
  });
});

test("a tool's name with JSON calls that tool", () => {
  const read = tool("Read", { file_path: { type: "string" } });
  expect(callFor('Read {"file_path":"/a.png"}', [read])).toEqual({ name: "Read", input: { file_path: "/a.png" } });
  expect(callFor('Write {"file_path":"/a.png"}', [read])).toBeUndefined();
});
