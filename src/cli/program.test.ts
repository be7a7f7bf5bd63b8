/** The binary as an operator runs it: a process of its own, its output and exit code. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Outcome, runDragoman } from "../../test/support/dragoman-process.ts";
import { version } from "../version.ts";

const directory = mkdtempSync(join(tmpdir(), "dragoman-cli-"));
afterAll(() => rmSync(directory, { recursive: true }));

function dragoman(args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
  return runDragoman(args, directory, { DRAGOMAN_HOME: join(directory, "home"), ...environment });
}

test("--version", async () => {
  expect(await dragoman(["--version"])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
});

test("--help names the commands and the environment", async () => {
  const { exitCode, stdout } = await dragoman(["--help"]);
  expect(exitCode).toBe(0);
  for (const word of [
    "serve",
    "check",
    "simulate",
    "status",
    "explain",
    "reset",
    "traffic",
    "conformance",
    "ANTHROPIC_API_KEY",
    "DRAGOMAN_HOME",
    "DRAGOMAN_STATE_KEY",
    "DRAGOMAN_LOG",
  ]) {
    expect(stdout).toContain(word);
  }
});

describe("a command line that makes no sense exits 2 and says why", () => {
  test.each<[string[], string]>([
    [["chek"], "dragoman: there is no command `chek`; did you mean `check`?\n"],
    [
      ["--port", "seven"],
      "dragoman: option '-p, --port <number>' argument 'seven' is invalid. It must be a whole number from 0 to 65535.\n",
    ],
    [
      ["serve", "--port", "70000"],
      "dragoman: option '-p, --port <number>' argument '70000' is invalid. It must be a whole number from 0 to 65535.\n",
    ],
    [["my.yaml"], "dragoman: a config file is named with an option: `--config my.yaml`.\n"],
    [["reset", "/key.json"], "dragoman: name a provider, or one of its credentials as `provider/credential`.\n"],
    [["check", "my.yaml"], "dragoman: a config file is named with an option: `--config my.yaml`.\n"],
    [["check", "--confg", "x"], "dragoman: unknown option '--confg'\n(Did you mean --config?)\n"],
    [
      ["--host", "0.0.0.0"],
      "dragoman: the configuration cannot be used\ncommand line: --host: without `keys` Dragoman listens on this machine only, or anyone who reaches it could spend your credentials; add `keys` to the config file, or listen on 127.0.0.1\n",
    ],
  ])("%j", async (args, stderr) => {
    expect(await dragoman(args)).toEqual({ exitCode: 2, stdout: "", stderr });
  });

  test("an unknown log level", async () => {
    const { exitCode, stderr } = await dragoman(["serve"], { DRAGOMAN_LOG: "loud" });
    expect([exitCode, stderr]).toEqual([2, "dragoman: DRAGOMAN_LOG must be one of trace, debug, info, warn, error, fatal, silent.\n"]);
  });
});

describe("check", () => {
  test("a broken file: every problem, and exit code 2", async () => {
    const file = join(directory, "broken.yaml");
    writeFileSync(file, "providers:\n  google:\n    type: gemni\nserver: { port: hunter2 }\n");
    const { exitCode, stdout, stderr } = await dragoman(["check", "--config", "broken.yaml"]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`${file}:3:11: providers.google.type: is not a known value; did you mean \`gemini\`?\n`);
    expect(stderr).toContain(`${file}:4:17: server.port: expected a whole number from 0 to 65535\n`);
    expect(stderr).not.toContain("hunter2");
  });

  test("a good file: what would be served, without a secret", async () => {
    writeFileSync(
      join(directory, "good.yaml"),
      `
keys: [{ name: alice, key: alice-hunter2, models: ["claude-*"], loss: strict }, { name: bob, key: bob-hunter2 }]
providers:
  google:
    type: gemini
    credentials: [{ name: project-a, api_key: env:KEY_A, priority: 1, max_concurrency: 8 }, { api_key: also-hunter2 }]
models:
  fast: [google/gemini-3.8-flash, google/gemini-3.8-pro]
  careful: { targets: [google/gemini-3.8-pro], loss: strict }
  pooled: { targets: [google/a, google/b], strategy: least-busy, fallback: [{ target: google/c, on: [rate_limit, auth] }] }
`,
    );
    const { exitCode, stdout, stderr } = await dragoman(["check", "-c", "good.yaml"], { KEY_A: "env-hunter2" });
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`The configuration is valid.

  config   ${join(directory, "good.yaml")}
  address  http://127.0.0.1:8317

keys
  alice  claude-* (loss: strict)
  bob    every model

providers
  google  gemini, https://generativelanguage.googleapis.com
          credentials: project-a (priority 1, 8 at once), key-2

models
  fast      → google/gemini-3.8-flash, then google/gemini-3.8-pro
  careful   → google/gemini-3.8-pro (loss: strict)
  pooled    → google/a or google/b (least-busy), then google/c (on rate_limit, auth)
  gemini-*  → google/*
  gemma-*   → google/*
  google/*  → google, whichever model
`);
  });

  test("what --host makes wrong is not told as a place in the file", async () => {
    writeFileSync(join(directory, "keyless.yaml"), "server: { port: 0 }\n");
    const { exitCode, stderr } = await dragoman(["--config", "keyless.yaml", "--host", "0.0.0.0"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("\ncommand line: --host: without `keys`");
  });

  test("a model's name is listed where it goes: by a route, else to every provider that declares it", async () => {
    writeFileSync(
      join(directory, "overlap.yaml"),
      `
providers:
  a: { type: anthropic, credentials: [{ api_key: k }] }
  b: { type: anthropic, models: ["claude-*", "other-*"], credentials: [{ api_key: k }] }
models:
  "oth*": b/*
`,
    );
    const { stdout } = await dragoman(["check", "-c", "overlap.yaml"]);
    expect(stdout.slice(stdout.indexOf("models"))).toBe(`models
  oth*      → b/*
  claude-*  → a/* or b/*
  a/*       → a, whichever model
  b/*       → b, whichever model
`);
  });

  test("without a file, what the environment gives", async () => {
    const { stdout } = await dragoman(["check"], { GEMINI_API_KEY: "env-hunter2" });
    expect(stdout).toContain("no config file; providers from GEMINI_API_KEY");
    expect(stdout).toContain("gemini, https://generativelanguage.googleapis.com");
    expect(stdout).not.toContain("hunter2");
    expect((await dragoman(["check"])).stdout).toContain("simulator, part of Dragoman");
  });

  test("a file without providers is valid, and says what that means", async () => {
    writeFileSync(join(directory, "empty.yaml"), "");
    const { exitCode, stdout } = await dragoman(["check", "-c", "empty.yaml"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("none: every request would be answered 503");
  });
});
