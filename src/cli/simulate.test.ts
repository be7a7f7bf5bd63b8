/** The binary as an operator runs it before a new configuration is used. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Outcome, runDragoman } from "../../test/support/dragoman-process.ts";

const directory = mkdtempSync(join(tmpdir(), "dragoman-simulate-"));
const home = join(directory, "home");
const main = fileURLToPath(new URL("../main.ts", import.meta.url));

const record = (afterMs: number, more: object = {}): object => ({
  id: `req_${afterMs}`,
  at: Date.UTC(2026, 0, 5, 8) + afterMs,
  ms: 30_000,
  protocol: "gemini",
  operation: "generate",
  stream: true,
  model: "gemini-2.5-pro",
  outcome: "answered",
  target: "google/gemini-2.5-pro",
  credential: "a",
  usage: { input: 100, output: 10 },
  ...more,
});
const lines = (...records: object[]): string => records.map((one) => `${JSON.stringify(one)}\n`).join("");
const google = (...credentials: string[]): string => `providers: { google: { type: gemini, credentials: [${credentials.join(", ")}] } }\n`;

beforeAll(() => {
  mkdirSync(home);
  writeFileSync(join(directory, "traffic.jsonl"), lines(record(0), record(1_000), record(2_000)));
  writeFileSync(join(directory, "new.yaml"), google("{ name: a, api_key: env:KEY_A }", "{ name: b, api_key: file:/run/no such/key }"));
  writeFileSync(join(home, "dragoman.yaml"), google("{ name: a, api_key: env:KEY_A, max_concurrency: 1 }"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function simulate(...args: string[]): Promise<Outcome> {
  return runDragoman(["simulate", ...args], directory, { DRAGOMAN_HOME: home });
}

const usual = ["--config", "new.yaml", "--traffic", "traffic.jsonl"];

test("a new configuration beside the current one; no secret is there, and none is needed", async () => {
  const { exitCode, stdout, stderr } = await simulate(...usual);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("3 requests from 2026-01-05T08:00:00Z to 2026-01-05T08:00:02Z (2.0s), seed 1.");
  expect(stdout).toContain(`new      ${join(directory, "new.yaml")}\ncurrent  ${join(home, "dragoman.yaml")}\n`);
  expect(stdout).toMatch(/answered +3 +2\n/);
  expect(stdout).toMatch(/waited for a permit +0 +2\n/);
  expect(stdout).toMatch(/first limit hit +none +max_concurrency after 1\.0s\n/);
});

test("nor does an address or a hash from elsewhere have to be there", async () => {
  const providers =
    "providers: { google: { type: gemini, base_url: env:BASE, credentials: [{ api_key: k }] }, own: { type: vllm, base_url: env:OWN } }";
  const settings = `server: { port: env:PORT }\nredis: { url: env:REDIS_URL }\nkeys: [{ name: k, hash: env:HASH }]\n${providers}\n`;
  writeFileSync(join(directory, "elsewhere.yaml"), settings);
  const { stdout, stderr } = await simulate("--config", "elsewhere.yaml", "--traffic", "traffic.jsonl");
  expect(stderr).toBe("");
  expect(stdout).toMatch(/answered +3 /);
});

test("as JSON, the same whenever it runs", async () => {
  const first = await simulate(...usual, "--json", "--seed", "42");
  expect(JSON.parse(first.stdout)).toMatchObject({
    seed: 42,
    traffic: { requests: 3, leftOut: 0 },
    new: { answered: 3, attempts: 3, credentials: [{ requests: 2 }, { requests: 1 }] },
    current: { config: join(home, "dragoman.yaml"), answered: 2, failed: { unavailable: 1 }, waited: { requests: 2, longestMs: 30_000 } },
  });
  expect((await simulate(...usual, "--json", "--seed", "42")).stdout).toBe(first.stdout);
});

test("another current configuration, none, and the same one", async () => {
  writeFileSync(join(directory, "other.yaml"), google("{ name: c, api_key: k }"));
  const other = await simulate(...usual, "--current", "other.yaml", "--json");
  expect(JSON.parse(other.stdout)).toMatchObject({ current: { credentials: [{ credential: "c", requests: 3 }] } });
  const alone = await runDragoman(["simulate", ...usual, "--json"], directory, { DRAGOMAN_HOME: join(directory, "nowhere") });
  expect(Object.keys(JSON.parse(alone.stdout) as object)).toEqual(["traffic", "seed", "new"]);
  const same = await simulate(...usual, "--current", "new.yaml");
  expect(same.stdout).not.toContain("current");
});

test("traffic from standard input", () => {
  const { stdout, status } = spawnSync(process.execPath, [main, "simulate", "-c", "new.yaml", "--traffic", "-", "--json"], {
    cwd: directory,
    env: { DRAGOMAN_HOME: home },
    input: lines(record(0)),
    encoding: "utf8",
  });
  expect([status, JSON.parse(stdout)]).toMatchObject([0, { traffic: { requests: 1 } }]);
});

describe("what cannot be used exits 2 and says why", () => {
  test("traffic", async () => {
    writeFileSync(join(directory, "bad.jsonl"), `${lines(record(0))}\n${lines(record(1, { ms: "long" }))}`);
    writeFileSync(join(directory, "empty.jsonl"), "\n\n");
    const told = async (name: string) => (await simulate("--config", "new.yaml", "--traffic", name)).stderr;
    expect(await told("bad.jsonl")).toBe("dragoman: bad.jsonl, line 3: `ms`: expected a number of at least 0.\n");
    expect(await told("none.jsonl")).toBe("dragoman: the traffic in none.jsonl cannot be read (ENOENT).\n");
    expect(await told("empty.jsonl")).toContain("dragoman: empty.jsonl holds no request that an upstream would be asked for;");
  });

  test("a configuration, with line and column", async () => {
    writeFileSync(join(directory, "broken.yaml"), "providers:\n  google:\n    type: gemni\n");
    const broken = await simulate("--config", "broken.yaml", "--traffic", "traffic.jsonl");
    expect([broken.exitCode, broken.stdout]).toEqual([2, ""]);
    expect(broken.stderr).toContain(
      `${join(directory, "broken.yaml")}:3:11: providers.google.type: is not a known value; did you mean \`gemini\`?`,
    );
    const current = await simulate(...usual, "--current", "broken.yaml");
    expect([current.exitCode, current.stderr]).toEqual([2, broken.stderr]);
    const missing = await simulate("--config", "none.yaml", "--traffic", "traffic.jsonl");
    expect(missing.stderr).toContain(`${join(directory, "none.yaml")}: cannot be read (ENOENT)`);
    const gone = await simulate(...usual, "--current", "none.yaml");
    expect(gone.stderr).toBe(`dragoman: there is no file ${join(directory, "none.yaml")}, which \`--current\` names.\n`);
  });

  test.each<[string[], string]>([
    [["--config", "new.yaml"], "dragoman: required option '-t, --traffic <file>' not specified\n"],
    [
      [...usual, "--seed", "x"],
      "dragoman: option '--seed <number>' argument 'x' is invalid. It must be a whole number from 0 to 999999999.\n",
    ],
  ])("the command line: %j", async (args, stderr) => {
    expect(await simulate(...args)).toEqual({ exitCode: 2, stdout: "", stderr });
  });
});
