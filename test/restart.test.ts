/** The real program, ended well and badly while it is busy: what it knows after the next start. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startSimulator, type Simulator } from "../src/simulator/server.ts";
import { startDragoman, type DragomanProcess } from "./support/dragoman-process.ts";
import { ask, post, readEvents, until } from "./support/gateway.ts";

/** As long as it takes on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 });
const YEAR_MS = 365 * 86_400_000;

let directory: string;
let simulator: Simulator;
let dragoman: DragomanProcess;
let url: string;
const readers: DatabaseSync[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "dragoman-restart-"));
  simulator = await startSimulator({ record: true });
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  dragoman.child.kill("SIGKILL");
  await dragoman.ended;
  await simulator.close();
  rmSync(directory, { recursive: true });
});

async function start({ more = "", limits = "true" } = {}): Promise<void> {
  const config = `
providers:
  up:
    type: anthropic
    base_url: "${simulator.url}"
    list_models: false
    credentials: [{ name: a, api_key: key-a }, { name: b, api_key: key-b }, { name: c, api_key: key-c }]
models: { m: up/claude-sonnet-4-6 }
${more}`;
  writeFileSync(join(directory, "dragoman.yaml"), config);
  dragoman = startDragoman(["--port", "0"], directory, { DRAGOMAN_HOME: join(directory, "home") }, limits);
  [, url = ""] = await dragoman.said("stdout", /listens on (http:\S+)/);
}

function database(): DatabaseSync {
  const opened = new DatabaseSync(join(directory, "home", "dragoman.db"), { timeout: 10_000 });
  readers.push(opened);
  return opened;
}

const rows = (reader: DatabaseSync, sql: string): Record<string, unknown>[] =>
  reader
    .prepare(sql)
    .all()
    .map((row) => ({ ...row }));
const stateOf = (reader: DatabaseSync, kind: string): number => rows(reader, `SELECT key FROM state WHERE kind = '${kind}'`).length;
/** What is recorded, and that it adds up. */
function recorded(reader: DatabaseSync): Record<string, unknown>[] {
  const [sums] = rows(
    reader,
    "SELECT count(*) AS found, count(DISTINCT id) AS ids, (SELECT requests FROM request_totals) AS counted FROM requests",
  );
  expect(sums).toEqual({ found: sums?.["found"], ids: sums?.["found"], counted: sums?.["found"] });
  return rows(reader, "SELECT id, outcome, credential FROM requests");
}

interface Asked {
  readonly session?: string;
  readonly stream?: boolean;
}

function request(text: string, { session, stream = false }: Asked = {}): Promise<Response> {
  return post(url, ask(text, { model: "m", stream }), session === undefined ? {} : { "x-session-id": session });
}

/** Asks, and gives who answered and the request's id. */
async function served(text = "hello", asked: Asked = {}): Promise<{ readonly credential: string | null; readonly id: string | null }> {
  const answer = await request(text, asked);
  await answer.text();
  expect(answer.status).toBe(200);
  return { credential: answer.headers.get("x-dragoman-credential"), id: answer.headers.get("x-dragoman-request-id") };
}

/** Reads until there is content, and leaves the rest for later. */
async function begun(answer: Response): Promise<ReadableStreamDefaultReader<string>> {
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  for (let seen = ""; !seen.includes("content_block_delta");) seen += (await reader.read()).value ?? "";
  return reader;
}

function restAll(keys: string, retryAfter: number): void {
  for (const key of keys) simulator.credentials.set(`key-${key}`, { fault: "429", retryAfter });
}

test("killed in the middle of dozens of answers: rests and conversations are as they were, and each request is recorded once", async () => {
  await start();
  restAll("a", 3_600);
  const sessions = Array.from({ length: 12 }, (_, index) => `session ${index}`);
  const before = await Promise.all(sessions.map((session) => served(session, { session })));
  const homes = before.map(({ credential }) => credential);
  expect([...new Set(homes)].toSorted((a, b) => `${a}`.localeCompare(`${b}`))).toEqual(["b", "c"]);
  simulator.credentials.clear();
  const reader = database();
  await eventually(() => [stateOf(reader, "binding"), stateOf(reader, "rest"), recorded(reader).length]).toEqual([12, 1, 12]);

  simulator.script({ fault: "hang-mid-stream", times: 40 });
  await Promise.all(Array.from({ length: 40 }, async () => begun(await request("running", { stream: true }))));
  expect(simulator.openRequests).toBe(40);
  // Some are on their way to the disk when it happens.
  const late = await Promise.all(sessions.map((session) => served(session, { session })));
  dragoman.child.kill("SIGKILL");
  expect((await dragoman.ended).exitCode).toBeNull();
  await until(() => simulator.openRequests === 0);

  await start();
  const asked = simulator.requests.length;
  for (const [index, session] of sessions.toReversed().entries()) {
    const { credential } = await served(session, { session });
    expect([session, credential]).toEqual([session, homes.toReversed()[index]]);
  }
  for (let i = 0; i < 6; i += 1) expect((await served()).credential).not.toBe("a");
  expect(simulator.requests.slice(asked).filter(({ credential }) => credential === "key-a")).toEqual([]);

  await eventually(() => recorded(reader).length).toBeGreaterThanOrEqual(12 + 12 + 6);
  const ids = recorded(reader).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
  // What was on its way is there once or not at all, and of what was cut off there is nothing that never was.
  expect(ids.length).toBeLessThanOrEqual(12 + late.length + 12 + 6);
  expect(rows(reader, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
}, 60_000);

test("asked to end in the middle of dozens of answers: they finish, all is recorded, and the program ends well", async () => {
  await start();
  simulator.script({ chunkDelayMs: 20, times: 30 });
  const answers = await Promise.all(Array.from({ length: 30 }, () => request("One two three four five.", { stream: true })));
  dragoman.child.kill("SIGTERM");
  await dragoman.said("stderr", /finishing running answers/);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  for (const text of texts) expect(readEvents(text).at(-1)?.event).toBe("message_stop");
  expect((await dragoman.ended).exitCode).toBe(0);
  const records = recorded(database());
  expect(records.map(({ outcome }) => outcome)).toEqual(answers.map(() => "answered"));
  expect(new Set(records.map(({ id }) => id))).toEqual(new Set(answers.map(({ headers }) => headers.get("x-dragoman-request-id"))));
}, 60_000);

test("asked to end, with answers that do not finish in time: they end with an error, and are recorded as failed", async () => {
  await start({ more: "server: { shutdown_grace: 50ms }" });
  simulator.script({ fault: "hang-mid-stream", times: 20 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => request("hello", { stream: true })));
  dragoman.child.kill("SIGTERM");
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  for (const text of texts) expect(readEvents(text).at(-1)?.event).toBe("error");
  expect((await dragoman.ended).exitCode).toBe(0);
  expect(recorded(database()).map(({ outcome }) => outcome)).toEqual(answers.map(() => "failed"));
}, 60_000);

test.each([
  ["back", YEAR_MS],
  ["ahead", -YEAR_MS],
])(
  "a machine clock that is set %s between two starts makes no rest longer: what nobody can tell is tried",
  async (_way, ms) => {
    await start();
    restAll("ab", 3_600);
    for (let i = 0; i < 3; i += 1) await served();
    const reader = database();
    await eventually(() => stateOf(reader, "rest")).toBe(2);
    dragoman.child.kill("SIGTERM");
    await dragoman.ended;
    simulator.credentials.clear();

    const change = reader.prepare(
      "UPDATE state SET value = json_set(value, '$.at', CAST(json_extract(value, '$.at') + ? AS INTEGER)) WHERE kind = 'rest'",
    );
    change.run(ms);
    await start();
    const credentials = [];
    for (let i = 0; i < 3; i += 1) credentials.push((await served()).credential);
    expect(credentials.slice(0, 2)).toEqual(["a", "b"]);
    await eventually(() => stateOf(reader, "rest")).toBe(0);
  },
  60_000,
);

test("requests are served while another program holds the file, and are recorded when it lets go", async () => {
  await start();
  await served();
  const other = database();
  await eventually(() => recorded(other).length).toBe(1);
  other.exec("BEGIN IMMEDIATE");
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => served("hello", { session: `s${index}` })));
  expect(answers).toHaveLength(20);
  other.exec("COMMIT");
  await eventually(() => recorded(other).length).toBe(21);
  expect(new Set(recorded(other).map(({ id }) => id)).size).toBe(21);
  expect(stateOf(other, "binding")).toBe(20);
}, 60_000);

test("requests are served though the disk is full, and the log says what is lost", async () => {
  await start();
  await served();
  dragoman.child.kill("SIGTERM");
  await dragoman.ended;
  // No file may get longer than a few blocks, of half a kilobyte or of a whole one.
  await start({ limits: "ulimit -f 100" });
  for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 10 }, () => served()));
  await dragoman.said("stderr", /dragoman\.db cannot be used \((?:disk I\/O error|database or disk is full)\)/);
  expect((await served()).credential).not.toBeNull();
  dragoman.child.kill("SIGTERM");
  const { exitCode, stderr } = await dragoman.ended;
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/could not be written\. Records of requests lost: \d+\./);

  await start();
  await served();
  const reader = database();
  await eventually(() => recorded(reader).length).toBeGreaterThan(1);
  expect(rows(reader, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
}, 60_000);
