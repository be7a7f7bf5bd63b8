/** The commands as an operator runs them, with a gateway that runs as another process. */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DragomanProcess, type Outcome, runDragoman, startDragoman } from "../../../test/support/dragoman-process.ts";
import { ask, post } from "../../../test/support/gateway.ts";
import { startSimulator, type Simulator } from "../../simulator/server.ts";

const directory = mkdtempSync(join(tmpdir(), "dragoman-admin-"));
const DRAGOMAN_HOME = join(directory, "home");

let simulator: Simulator;
let gateway: DragomanProcess;
let port: number;
let url: string;

/** The id of a request, once it is remembered. */
async function remembered(answer: Response): Promise<string> {
  await answer.text();
  const id = answer.headers.get("x-dragoman-request-id") ?? "";
  const headers = { "x-api-key": readFileSync(join(DRAGOMAN_HOME, "admin.key"), "utf8").trim() };
  const found = async (): Promise<number> => (await fetch(`${url}/admin/requests/${id}`, { headers })).status;
  await expect.poll(found, { timeout: 10_000 }).toBe(200);
  return id;
}

const dragoman = (args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> =>
  runDragoman(args, directory, { DRAGOMAN_HOME, ...environment });
const claude = (): Promise<Response> => post(url, ask("hello", { model: "claude-opus-5-5" }), { "x-api-key": "alices-hunter2" });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

beforeAll(async () => {
  simulator = await startSimulator();
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  writeFileSync(
    join(directory, "dragoman.yaml"),
    `
server: { port: ${port}, shutdown_grace: 200ms }
cooldown: { rate_limit_base: 5m, transient_base: 1m, transient_max: 1m, probe_interval: 5m }
keys: [{ name: alice, key: alices-hunter2, models: ["claude-*"] }]
providers:
  claude:
    type: anthropic
    base_url: "${simulator.url}"
    credentials: [{ name: first, api_key: env:UPSTREAM_KEY }, { name: second, api_key: second-hunter2, max_concurrency: 8 }]
models: { "claude-*": claude/*, fast: claude/claude-haiku-5-5 }
`,
  );
  gateway = startDragoman(["serve"], directory, { DRAGOMAN_HOME, UPSTREAM_KEY: "first-hunter2" });
  await gateway.said("stdout", /listens on/);
});

afterAll(async () => {
  gateway.child.kill("SIGTERM");
  const { stderr } = await gateway.ended;
  expect(stderr).not.toContain("hunter2");
  expect(stderr).not.toContain(readFileSync(join(DRAGOMAN_HOME, "admin.key"), "utf8").trim());
  await simulator.close();
  rmSync(directory, { recursive: true });
});

test("the admin key is generated, for its owner only", () => {
  expect(statSync(join(DRAGOMAN_HOME, "admin.key")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(DRAGOMAN_HOME, "admin.key"), "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
});

test("a credential goes down, is shown and explained, and is reset", async () => {
  simulator.script("invalid-key");
  const answer = await claude();
  expect(answer.headers.get("x-dragoman-credential")).toBe("second");

  const { exitCode, stdout } = await dragoman(["status"]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Dragoman \\S+ at ${url}, up \\d`));
  expect(stdout).toContain(`  config  ${join(directory, "dragoman.yaml")}\n  store   ${join(DRAGOMAN_HOME, "dragoman.db")}\n`);
  expect(stdout).toContain("claude\n  first   down   0 in use\n  second  ready  0 of 8 in use\n");
  expect(stdout).toMatch(/\n {4}first {2}all models {2}unauthenticated {2}for \S+ {2}until it is changed {2}probe in 4m \d+s\n$/);

  const request = (await dragoman(["explain", await remembered(answer)])).stdout;
  expect(request).toMatch(/^ {2}key {8}alice\n {2}asked {6}claude-opus-5-5, anthropic-messages, generate$/m);
  expect(request).toMatch(/^ {2}served by {2}claude\/claude-opus-5-5, second, relay lane$/m);
  expect(request).toMatch(/^ {2}1 {2}claude\/claude-opus-5-5 {2}first {3}unauthenticated {2}at \S+ +for \S+$/m);
  expect(request).toMatch(/^ {2}2 {2}claude\/claude-opus-5-5 {2}second {2}answered .* first content after \S+$/m);
  expect(request).toMatch(/^ {2}2 {2}claude\/claude-opus-5-5 {2}first {3}tried already: unauthenticated$/m);

  const choice = (await dragoman(["explain", "--model", "claude-opus-5-5", "--key", "alice", "--protocol", "openai-chat"])).stdout;
  expect(choice).toBe(`claude-opus-5-5  (key alice, a client of openai-chat)
  goes to claude/claude-opus-5-5 with second, translated to anthropic-messages

step 1  claude/claude-opus-5-5, translated to anthropic-messages  (round-robin)
  →  claude/claude-opus-5-5  second  chosen
     claude/claude-opus-5-5  first   down: unauthenticated
`);
  const forbidden = (await dragoman(["explain", "-m", "fast", "-k", "alice"])).stdout;
  expect(forbidden).toContain("  is refused (permission): The key alice may not use the model fast. It may use: claude-*.\n");

  expect((await dragoman(["reset", "claude/first"])).stdout).toBe("claude/first is asked again from now on.\n");
  expect((await dragoman(["status"])).stdout).toContain("  first   ready  0 in use\n");
  expect((await dragoman(["reset", "claude"])).stdout).toBe("claude and all of its credentials are asked again from now on.\n");
});

test("what a caller writes moves no cursor and fakes no line", async () => {
  const answer = await post(url, ask("hello", { model: "claude-\u001b[2J\nattempts\u202e" }), { "x-api-key": "alices-hunter2" });
  const { stdout } = await dragoman(["explain", await remembered(answer)]);
  expect(stdout).toMatch(/^ {2}asked {6}claude-\ufffd\[2J\ufffdattempts\ufffd, anthropic-messages/m);
  expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
});

test("--json prints what the admin API answers", async () => {
  const id = await remembered(await claude());
  const outcomes = await Promise.all(
    [["status"], ["explain", id], ["explain", "-m", "claude-x"], ["reset", "claude"]].map((args) => dragoman([...args, "--json"])),
  );
  const printed = outcomes.map(({ stdout }) => JSON.parse(stdout) as unknown);
  expect(printed).toMatchObject([{ pools: [{ provider: "claude" }] }, { id }, { model: "claude-x" }, { reset: { provider: "claude" } }]);
});

test("traffic is a line of JSON for each request", async () => {
  await remembered(await claude());
  const { exitCode, stdout } = await dragoman(["traffic"]);
  expect(exitCode).toBe(0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(lines[0]).toMatchObject({ key: "alice", model: "claude-opus-5-5", target: "claude/claude-opus-5-5", outcome: "answered" });
});

describe("mistakes", () => {
  const told = async (args: readonly string[], environment?: Record<string, string>): Promise<string> => {
    const { exitCode, stdout, stderr } = await dragoman(args, environment);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^dragoman: .*\n$/);
    return `${exitCode} ${stderr.slice("dragoman: ".length).trimEnd()}`;
  };

  test("names that are unknown, with what was probably meant", async () => {
    expect(await told(["explain", "req_none"])).toMatch(/^1 no request with the id "req_none" is remembered\./);
    expect(await told(["explain", "-m", "fats"])).toBe('1 unknown model "fats". Did you mean "fast"?');
    expect(await told(["explain", "-m", "fast", "-k", "alcie"])).toBe('1 there is no key of this name; did you mean "alice"?');
    expect(await told(["explain", "-m", "fast", "-p", "anthropic"])).toBe(
      '2 there is no protocol "anthropic"; did you mean "anthropic-messages"?',
    );
    expect(await told(["reset", "cluade"])).toBe('1 there is no provider "cluade"; did you mean "claude"?');
    expect(await told(["reset", "claude/frist"])).toBe('1 there is no credential "frist" of claude; did you mean "first"?');
    expect(await told(["reset", "/first"])).toMatch(/^2 name a provider/);
  });

  test("an explanation of nothing, or of two things", async () => {
    expect(await told(["explain"])).toMatch(/^2 what should be explained\?/);
    expect(await told(["explain", "req_1", "--model", "fast"])).toMatch(/^2 .*do not go together/);
  });

  test("no key, and one of another Dragoman", async () => {
    const other = join(directory, "other");
    expect(await told(["status"], { DRAGOMAN_HOME: other })).toBe(
      `1 there is no admin key in DRAGOMAN_ADMIN_KEY or in ${join(other, "admin.key")}: set the DRAGOMAN_HOME that the Dragoman at ${url} has, or its key.`,
    );
    const wrong = await told(["status"], { DRAGOMAN_ADMIN_KEY: "wrong-hunter2" });
    expect(wrong).toBe(
      `1 the Dragoman at ${url} does not take the admin key in DRAGOMAN_ADMIN_KEY: this is not the admin key. It may run with another DRAGOMAN_HOME or DRAGOMAN_ADMIN_KEY.`,
    );
    expect(wrong).not.toContain("hunter2");
    expect(await told(["status"], { DRAGOMAN_ADMIN_KEY: "alices-hunter2" })).toContain("a virtual key is not the admin key.");
    mkdirSync(other);
    writeFileSync(join(other, "admin.key"), "two words\n");
    expect(await told(["status"], { DRAGOMAN_HOME: other })).toMatch(/^1 .*admin\.key holds a space/);
  });

  test("nobody there, somebody else there, and nowhere", async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await told(["status", "--url", nobody])).toBe(
      `1 no Dragoman runs at ${nobody}. Start it with \`dragoman serve\`, or say where it is with --url, or with --config.`,
    );
    const keysSent: unknown[] = [];
    const listener: RequestListener = (request, response) => {
      keysSent.push(request.headers.authorization);
      response.end("<html>");
    };
    const other = createServer(listener).listen(0, "127.0.0.1");
    await once(other, "listening");
    const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await told(["status", "--url", otherUrl])).toMatch(/^1 what answers at \S+ is no Dragoman/);
    expect(keysSent).toEqual([undefined]);
    other.close();
    expect(await told(["status", "--url", "http://192.0.2.1:8317"])).toMatch(/^2 the admin API .*tunnel/);
    expect(await told(["status", "--url", "here"])).toMatch(/^2 --url must be an address/);
    writeFileSync(join(directory, "any-port.yaml"), "server: { port: 0 }\n");
    expect(await told(["status", "--config", "any-port.yaml"])).toMatch(/^2 the config lets Dragoman take any free port/);
  });
});
