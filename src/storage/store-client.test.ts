import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { requestRecord } from "../../test/support/request-record.ts";
import { StorageError } from "./home.ts";
import { StoreClient } from "./store-client.ts";

/** As long as it takes on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 });
const directory = mkdtempSync(join(tmpdir(), "dragoman-store-client-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("a bug in the thread is told, costs what it had at that moment, and the next thread goes on", async () => {
  const errors: unknown[] = [];
  const requests = { maxRecords: 100, ttlMs: 3_600_000 };
  const client = new StoreClient({ path: join(directory, "dragoman.db"), requests, onError: (error) => errors.push(error) });
  client.writeRecord("no JSON");
  client.writeRecord(JSON.stringify(requestRecord("r")));
  await expect(client.read({ id: "r" })).rejects.toThrow(StorageError);
  await eventually(() => client.read({ id: "r" })).toHaveLength(1);
  await client.close();
  expect(errors).toEqual([
    expect.any(SyntaxError),
    expect.objectContaining({ message: expect.stringContaining("Records of requests lost: 1.") }),
  ]);
});

test("a disk that does not answer keeps nobody waiting who asks for records", async () => {
  const path = join(directory, "pipe");
  execFileSync("mkfifo", [path]);
  const requests = { maxRecords: 100, ttlMs: 3_600_000 };
  const client = new StoreClient({ path, requests, onError: () => undefined, readWithinMs: 50 });
  await expect(client.read({ id: "r" })).rejects.toThrow(`${path} does not answer.`);
  // Opening a pipe waits for whoever reads from it.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  await client.close();
  closeSync(reader);
});
