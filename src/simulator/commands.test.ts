import { expect, test } from "vitest";
import { callFor, commandRounds, speechOf } from "./commands.ts";

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

test("a tool's name with JSON calls that tool", () => {
  const read = tool("Read", { file_path: { type: "string" } });
  expect(callFor('Read {"file_path":"/a.png"}', [read])).toEqual({ name: "Read", input: { file_path: "/a.png" } });
  expect(callFor('Write {"file_path":"/a.png"}', [read])).toBeUndefined();
});
