/** Serving as an operator sees it: start, signals, and what goes wrong before anything is served. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type DragomanProcess, startDragoman } from "../../test/support/dragoman-process.ts";
import { Database } from "../storage/database.ts";
import { SqliteRecords } from "../storage/sqlite-records.ts";

const directory = mkdtempSync(join(tmpdir(), "dragoman-serve-"));
afterAll(() => rmSync(directory, { recursive: true }));

const home = join(directory, "home");

function start(args: readonly string[], environment: Record<string, string> = {}): DragomanProcess {
  return startDragoman(args, directory, { DRAGOMAN_HOME: home, ...environment });
}

async function baseUrlOf(dragoman: DragomanProcess): Promise<string> {
  const [, url = ""] = await dragoman.said("stdout", /listens on (http:\S+)/);
  await dragoman.said("stdout", / claude\b.*\n/);
  return url;
}

/** Sends what the printed command would send: `curl URL -H 'name: value' … -d 'body'`. */
function runCurl(command: string): Promise<Response> {
  const [url = ""] = /http:\S+/.exec(command) ?? [];
  const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = "", value = ""]): [string, string] => [name, value]);
  const [, body = ""] = /-d '(.*)'$/.exec(command) ?? [];
  return fetch(url, { method: "POST", headers, body });
}

/** Lines of the log, among what is written for people. */
function logLines(stderr: string): Record<string, unknown>[] {
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("with nothing configured the simulator answers, and SIGTERM ends it well", async () => {
  const dragoman = start(["--port", "0"]);
  const url = await baseUrlOf(dragoman);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const [command] = await dragoman.said("stdout", /curl .*/);
  const answer = await runCurl(command);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ type: "message", role: "assistant", model: "claude-opus-5-5" });

  dragoman.child.kill("SIGTERM");
  const { exitCode, stdout, stderr } = await dragoman.ended;
  expect(exitCode).toBe(0);
  expect(stdout).toContain("the embedded simulator answers");
  expect(stderr).toContain("dragoman: finishing running answers, 30s at most; a second SIGTERM ends them now.");
  expect(logLines(stderr).map(({ msg }) => msg)).toEqual(expect.arrayContaining(["listening", "shutting down", "stopped"]));
  expect(readFileSync(join(home, "state.key"), "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
});

test("what clients leave here survives a restart, in a file for its owner only", async () => {
  const post = (url: string, body: object): Promise<Response> =>
    fetch(`${url}/v1/responses`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const database = join(home, "dragoman.db");
  const first = start(["--port", "0"]);
  const url = await baseUrlOf(first);
  const { id } = (await (await post(url, { model: "claude-opus-5-5", input: "Word apple." })).json()) as { id: string };
  first.child.kill("SIGTERM");
  const { stderr } = await first.ended;
  // Nothing but what an operator is to read, and the log.
  expect(stderr.split("\n").filter((line) => line !== "" && !/^(?:dragoman: |\{)/.test(line))).toEqual([]);
  expect(statSync(database).mode & 0o777).toBe(0o600);

  const second = start(["--port", "0"]);
  const answer = await post(await baseUrlOf(second), { model: "gemini-3.8-pro", input: "Word pear.", previous_response_id: id });
  expect([answer.status, await answer.json()]).toMatchObject([200, { previous_response_id: id, status: "completed" }]);
  second.child.kill("SIGTERM");
  expect((await second.ended).exitCode).toBe(0);
});

test("what has expired goes from the file though nobody asks for anything", async () => {
  const path = join(directory, "old", "dragoman.db");
  const records = new SqliteRecords({
    ttlMs: 1,
    maxBytes: 1_000,
    path,
    now: () => 0,
    onError: (error) => void Promise.reject(error),
  });
  records.put("", { id: "resp_1", head: "1", items: [] });
  records.close();
  const file = new Database(path);
  const kept = (): unknown => file.row("SELECT count(*) AS records FROM records")?.["records"];
  expect(kept()).toBe(1);
  const dragoman = start(["--port", "0"], { DRAGOMAN_HOME: join(directory, "old") });
  await expect.poll(kept, { timeout: 10_000 }).toBe(0);
  file.close();
  dragoman.child.kill("SIGTERM");
  expect((await dragoman.ended).exitCode).toBe(0);
});

test("a file that cannot be used is told of in the log, and requests are served all the same", async () => {
  const newer = join(directory, "newer");
  const file = new Database(join(newer, "dragoman.db"));
  file.run("PRAGMA user_version = 1000");
  file.close();
  const dragoman = start(["--port", "0"], { DRAGOMAN_HOME: newer });
  await baseUrlOf(dragoman);
  const [command] = await dragoman.said("stdout", /curl .*/);
  expect((await runCurl(command)).status).toBe(200);
  dragoman.child.kill("SIGTERM");
  const { exitCode, stderr } = await dragoman.ended;
  expect(exitCode).toBe(0);
  const [line] = logLines(stderr).filter(({ msg }) => String(msg).startsWith("requests and the state of the pool"));
  expect(line).toMatchObject({ err: { message: expect.stringContaining("was made by a newer Dragoman") } });
});

test("a second signal ends what is still running", async () => {
  const dragoman = start(["--port", "0"], { DRAGOMAN_LOG: "silent" });
  const { port, hostname } = new URL(await baseUrlOf(dragoman));
  const client = connect(Number(port), hostname);
  client.on("error", () => {});
  client.write(
    "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n",
  );
  const [continued] = (await once(client, "data")) as [Buffer];
  expect(continued.toString()).toContain("100 Continue");

  dragoman.child.kill("SIGINT");
  await dragoman.said("stderr", /a second SIGINT ends them now/);
  dragoman.child.kill("SIGINT");
  expect((await dragoman.ended).exitCode).toBe(1);
  client.destroy();
});

test("a port in use: what it is and which option changes it", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const { exitCode, stdout, stderr } = await start(["serve", "--port", String(port)], { DRAGOMAN_LOG: "warn" }).ended;
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    `dragoman: port ${port} on 127.0.0.1 is in use, perhaps by another Dragoman; choose another with \`--port\` (through npm: \`npm start -- --port 8318\`), or with \`server.port\` in the config file.\n`,
  );
  other.close();
});

test("a home that cannot be used", async () => {
  const file = join(directory, "a-file");
  writeFileSync(file, "");
  const { exitCode, stdout, stderr } = await start(["--port", "0"], { DRAGOMAN_HOME: file }).ended;
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^dragoman: .*state\.key can be neither read nor written .*Set DRAGOMAN_HOME.*\n$/);
});

test("no secret is printed or logged, whatever the level", async () => {
  writeFileSync(
    join(directory, "secrets.yaml"),
    "keys: [{ name: alice, key: virtual-hunter2 }]\nproviders: { offline: { type: simulator, credentials: [{ api_key: upstream-hunter2 }] } }\n",
  );
  const dragoman = start(["--port", "0", "--config", "secrets.yaml"], { DRAGOMAN_LOG: "trace", DRAGOMAN_STATE_KEY: "state-hunter2" });
  const url = await baseUrlOf(dragoman);
  const ask = (path: string, headers: Record<string, string>) =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers },
      body: JSON.stringify({ model: "any", max_tokens: 64, messages: [{ role: "user", content: "Hello!" }] }),
    });
  expect((await ask("/v1/messages", { "x-api-key": "virtual-hunter2" })).status).toBe(200);
  expect((await ask("/v1/messages?key=virtual-hunter2", {})).status).toBe(200);
  expect((await ask("/v1/messages", { authorization: "Bearer wrong-hunter2" })).status).toBe(401);
  dragoman.child.kill("SIGTERM");
  const { stdout, stderr } = await dragoman.ended;
  expect(logLines(stderr).length).toBeGreaterThan(2);
  expect(stdout + stderr).not.toContain("hunter2");
});
