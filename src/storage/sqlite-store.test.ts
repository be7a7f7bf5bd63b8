/** What only a file can do: be shared, be full, be held by another process, and outlive whoever wrote it. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requestRecord } from "../../test/support/request-record.ts";
import { Database } from "./database.ts";
import { StorageError } from "./home.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { RequestLogLimits } from "./request-log.ts";
import { openStore, type Store } from "./store.ts";

const HOUR_MS = 3_600_000;
/** As long as it takes on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 });
const LIMITS: RequestLogLimits = { maxRecords: 100_000, ttlMs: HOUR_MS };

let directory: string;
let path: string;
const open: { close(): Promise<void> | void }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dragoman-sqlite-store-"));
  path = join(directory, "home", "dragoman.db");
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  rmSync(directory, { recursive: true });
});

function start(requests = LIMITS, onError = (error: unknown): void => void Promise.reject(error)): Store {
  const store = openStore({ path, requests, onError });
  open.push(store);
  return store;
}

function database(): Database {
  const opened = new Database(path);
  open.push(opened);
  return opened;
}

const counted = (reader: Database): unknown =>
  reader.row("SELECT count(*) AS found, (SELECT requests FROM request_totals) AS counted FROM requests");
const mode = (name: string): string => (statSync(name).mode & 0o777).toString(8);

/** Runs a script in a process of its own, in which `store` is open. */
function run(script: string, { name = "", shell = "" } = {}): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const prelude = `
    import { openStore } from ${JSON.stringify(new URL("store.ts", import.meta.url).href)};
    import { requestRecord } from ${JSON.stringify(new URL("../../test/support/request-record.ts", import.meta.url).href)};
    const onError = (error) => process.stdout.write(error.message + "\\n");
    const store = openStore({ path: ${JSON.stringify(path)}, requests: ${JSON.stringify(LIMITS)}, onError });
    const name = ${JSON.stringify(name)};`;
  const node = [process.execPath, "--input-type=module", "--eval", prelude + script];
  return promisify(execFile)("/bin/sh", ["-c", `${shell} exec "$@"`, "sh", ...node]);
}

test("what is remembered is for its owner's eyes only", () => {
  start();
  database();
  expect(mode(join(directory, "home"))).toBe("700");
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(mode(file)).toBe("600");
});

test("what is summed up and searched stands in columns, and what is not known is not zero", async () => {
  const { requestLog } = start();
  requestLog.write(requestRecord("r", { at: 4_000_000_000_000.7 }));
  const { key: _key, usage: _usage, costUsd: _cost, ...bare } = requestRecord("bare", { at: 4_000_000_000_001 });
  requestLog.write(bare);
  const reader = database();
  const columns = `id, at, key, protocol, model, outcome, target, credential,
    input_tokens AS input, cache_read_tokens AS cacheRead, cache_write_tokens AS cacheWrite, output_tokens AS output, cost_usd AS cost`;
  const shared = {
    protocol: "anthropic-messages",
    model: "fast",
    outcome: "answered",
    target: "google/gemini-3.8-pro",
    credential: "second",
  };
  const at = 4_000_000_000_001;
  await eventually(() => reader.rows(`SELECT ${columns} FROM requests ORDER BY id DESC`).map((row) => ({ ...row }))).toEqual([
    { ...shared, id: "r", at, key: "alice", input: 10, cacheRead: 4, cacheWrite: 3, output: 5, cost: 0.000_123 },
    { ...shared, id: "bare", at, key: null, input: null, cacheRead: null, cacheWrite: null, output: null, cost: null },
  ]);
});

test("what was told as there survives a process that is killed, and what was on its way is there once or not at all", async () => {
  const script = `
    for (let i = 0; i < 500; i += 1) store.requestLog.write(requestRecord("r" + i));
    store.stateStore.set("rest", { key: "k", value: "v", expiresAt: Date.now() + 3600000 });
    while (!(await store.requestLog.get("r499"))) continue;
    for (let i = 0; ; i += 1) {
      store.requestLog.write(requestRecord("later" + i));
      await store.requestLog.get("later" + i);
      if (i === 20) process.kill(process.pid, "SIGKILL");
    }`;
  await expect(run(script)).rejects.toMatchObject({ signal: "SIGKILL" });
  const survivor = start();
  expect(survivor.stateStore.load("rest")).toMatchObject([{ key: "k", value: "v" }]);
  const kept = await survivor.requestLog.list({ limit: 1_000 });
  const ids = new Set(kept.map(({ id }) => id));
  expect(ids.size).toBe(kept.length);
  expect(Array.from({ length: 500 }, (_, i) => `r${i}`).filter((id) => !ids.has(id))).toEqual([]);
  const reader = database();
  expect(reader.row("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
  expect(counted(reader)).toEqual({ found: kept.length, counted: kept.length });
});

test("processes that start at once share the file, and count no request twice", async () => {
  const script = `
    for (let i = 0; i < 300; i += 1) {
      store.requestLog.write(requestRecord("shared" + i));
      store.requestLog.write(requestRecord(name + i));
      store.stateStore.set("binding", { key: name + (i % 7), value: String(i), expiresAt: Date.now() + 3600000 });
      if (i % 10 === 0) await store.requestLog.get(name + i);
    }
    await store.close();`;
  await Promise.all(["a", "b", "c"].map((name) => run(script, { name })));
  const store = start();
  expect(counted(database())).toEqual({ found: 1_200, counted: 1_200 });
  const bindings = store.stateStore.load("binding").map(({ key, value }) => `${key}=${value}`);
  expect(bindings.toSorted()).toEqual(
    ["a", "b", "c"].flatMap((name) => [294, 295, 296, 297, 298, 299, 293].map((i) => `${name}${i % 7}=${i}`)).toSorted(),
  );
});

test("while another process holds the file everything waits, which is said once, and nothing is lost", async () => {
  const errors: unknown[] = [];
  const store = start(LIMITS, (error) => errors.push(error));
  store.requestLog.write(requestRecord("before"));
  await eventually(() => store.requestLog.get("before")).toBeDefined();
  const holder = database();
  holder.run("BEGIN IMMEDIATE");
  for (let i = 0; i < 200; i += 1) {
    store.requestLog.write(requestRecord(`r${i}`));
    store.stateStore.set("rest", { key: "k", value: String(i), expiresAt: Date.now() + HOUR_MS });
  }
  await eventually(() => errors.length).toBe(1);
  expect(errors[0]).toBeInstanceOf(StorageError);
  expect(String(errors[0])).toContain("dragoman.db is held by another process");
  // Reading goes on meanwhile.
  expect(await store.requestLog.get("before")).toBeDefined();
  holder.run("COMMIT");
  await eventually(async () => (await store.requestLog.list({ limit: 1_000 })).length).toBe(201);
  await eventually(() => holder.row("SELECT value FROM state")).toEqual({ value: "199" });
  expect(errors).toHaveLength(1);

  holder.run("BEGIN IMMEDIATE");
  store.requestLog.write(requestRecord("again"));
  await eventually(() => errors.length).toBe(2);
  holder.run("COMMIT");
});

test("what waits for too long is lost, the oldest first, counted, and no word of it is in what is said", async () => {
  const errors: string[] = [];
  const store = start(LIMITS, (error) => errors.push(String(error)));
  const holder = database();
  holder.run("BEGIN IMMEDIATE");
  store.stateStore.set("rest", { key: "hunter2", value: "hunter2", expiresAt: Date.now() + HOUR_MS });
  const large = { error: { kind: "internal", message: "hunter2".repeat(100_000) } };
  for (let i = 0; i < 40; i += 1) store.requestLog.write(requestRecord(`r${i}`, large));
  await eventually(() => errors.length).toBe(1);
  holder.run("COMMIT");
  await eventually(() => errors.length).toBe(2);
  const [, lost = ""] = /could not be written\. Records of requests lost: (\d+)/.exec(errors[1] ?? "") ?? [];
  expect(Number(lost)).toBeGreaterThan(0);
  const kept = Array.from({ length: 40 - Number(lost) }, (_, i) => `r${39 - i}`);
  await eventually(async () => (await store.requestLog.list({ limit: 100 })).map(({ id }) => id)).toEqual(kept);
  expect(holder.row("SELECT value FROM state")).toEqual({ value: "hunter2" });
  expect(errors.join("\n")).not.toContain("hunter2");
});

test("closing gives up what cannot be written, and says how much", async () => {
  const errors: string[] = [];
  const store = start(LIMITS, (error) => errors.push(String(error)));
  const holder = database();
  holder.run("BEGIN IMMEDIATE");
  for (let i = 0; i < 3; i += 1) store.requestLog.write(requestRecord(`r${i}`));
  await store.close();
  store.requestLog.write(requestRecord("late"));
  await expect(store.requestLog.get("r0")).rejects.toThrow(StorageError);
  holder.run("COMMIT");
  expect(errors).toEqual([
    expect.stringContaining("held by another process"),
    expect.stringContaining("could not be written. Records of requests lost: 3."),
  ]);
  expect(counted(holder)).toEqual({ found: 0, counted: 0 });
});

test("a full disk ends nothing: it is said, not for every record, and the file stays whole", async () => {
  const script = `
    for (let i = 0; i < 2000; i += 1) {
      store.requestLog.write(requestRecord("r" + i, { session: "x".repeat(2000) }));
      await store.requestLog.get("none");
    }
    await store.close();
    process.exitCode = 7;`;
  // No file of this process may have more than 2048 blocks, of half a kilobyte or of a whole one: less than is written.
  await expect(run(script, { shell: "ulimit -f 2048;" })).rejects.toMatchObject({
    code: 7,
    // What was brought from the log into the file makes room in the log for a moment.
    stdout: expect.stringMatching(
      /^(?:.*dragoman\.db cannot be used \((?:disk I\/O error|database or disk is full)\)\.\n){1,100}.*could not be written\. Records of requests lost: \d+\.\n$/,
    ),
    stderr: "",
  });
  const store = start();
  const reader = database();
  expect(reader.row("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
  const { found } = reader.row("SELECT count(*) AS found FROM requests") ?? {};
  expect(Number(found)).toBeGreaterThan(0);
  expect(counted(reader)).toEqual({ found, counted: found });
  // There is room again.
  store.requestLog.write(requestRecord("new"));
  await eventually(() => store.requestLog.get("new")).toBeDefined();
});

test("what has expired or is too much goes from the file, step by step, and no trace of it is left", async () => {
  const at = Date.now() - HOUR_MS;
  const first = start({ maxRecords: 100_000, ttlMs: 2 * HOUR_MS });
  for (let i = 0; i < 1_000; i += 1) first.requestLog.write(requestRecord(`r${i}`, { at: at + i, model: "forgettable" }));
  for (let i = 0; i < 200; i += 1) first.stateStore.set("rest", { key: `forgettable${i}`, value: "1", expiresAt: at });
  first.stateStore.set("rest", { key: "k", value: "1", expiresAt: at + 10 * HOUR_MS });
  for (let i = 0; i < 20; i += 1) first.requestLog.write(requestRecord(`new${i}`, { at: at + 2 * HOUR_MS + i }));
  await first.close();

  const second = start({ maxRecords: 10, ttlMs: HOUR_MS });
  const reader = database();
  await eventually(() => counted(reader)).toEqual({ found: 10, counted: 10 });
  await eventually(() => reader.rows("SELECT key FROM state").map(({ key }) => key)).toEqual(["k"]);
  expect((await second.requestLog.list({ limit: 100 })).map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `new${19 - i}`));
  for (const one of open.splice(0)) await one.close();
  const files = readdirSync(join(directory, "home"));
  expect(files).toEqual(["dragoman.db"]);
  expect(readFileSync(path).includes("new19")).toBe(true);
  expect(readFileSync(path).includes("forgettable")).toBe(false);
});

test("of more facts than a process has use for those are read that expire last, the last one last", () => {
  const file = database();
  const insert = "INSERT INTO state (kind, key, value, expires_at) VALUES ('binding', ?, 'c', ?)";
  const now = Date.now();
  file.transaction(() => {
    for (let i = 1; i <= 10_100; i += 1) file.run(insert, `k${i}`, now + HOUR_MS + i);
  });
  const keys = start()
    .stateStore.load("binding")
    .map(({ key }) => key);
  expect([keys.length, keys[0], keys.at(-1)]).toEqual([10_000, "k101", "k10100"]);
});

test("a file of the version before is brought to this one, and what is in it stays", async () => {
  mkdirSync(join(directory, "home"));
  const old = new DatabaseSync(path);
  old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1; INSERT INTO records (owner, id, head, used_at) VALUES ('o', 'r', '1', 1)`);
  old.close();
  const store = start();
  store.requestLog.write(requestRecord("r"));
  const reader = database();
  await eventually(() => counted(reader)).toEqual({ found: 1, counted: 1 });
  expect(reader.row("SELECT count(*) AS records FROM records")).toEqual({ records: 1 });
});

describe("a file that cannot be used is told of by name", () => {
  test("because it is no database", () => {
    mkdirSync(join(directory, "home"));
    writeFileSync(path, "something else, and long enough to be taken for a database's first page".repeat(100));
    expect(() => start()).toThrow(StorageError);
    expect(() => start()).toThrow(/dragoman\.db cannot be used \(file is not a database\)/);
  });

  test("because a newer version made it", () => {
    database().run(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    expect(() => start()).toThrow(/newer Dragoman/);
  });

  test("while it is open, and what was to be written is counted as lost", async () => {
    const errors: string[] = [];
    const store = start(LIMITS, (error) => errors.push(String(error)));
    store.requestLog.write(requestRecord("r"));
    await eventually(() => store.requestLog.get("r")).toBeDefined();
    database().run("DROP TABLE requests");
    store.requestLog.write(requestRecord("s"));
    await expect(store.requestLog.get("r")).rejects.toThrow(StorageError);
    await store.close();
    expect(errors).toEqual([
      expect.stringContaining("dragoman.db cannot be used"),
      expect.stringContaining("Records of requests lost: 1."),
    ]);
  });
});
