/** What is remembered of requests: one, the newest, or a line for each. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GatewayError } from "../../chat/error.ts";
import type { RequestLog, RequestRecord } from "../../storage/request-log.ts";
import { sendJson, toJson } from "./answer.ts";
import type { AdminContext, Asked } from "./context.ts";
import { readCount, readQuery } from "./query.ts";

/** `GET /admin/requests?limit=&before=`: `before` is the id of a record, behind which the answer begins. */
export async function answerRequests({ store: { requestLog } }: AdminContext, { query, response }: Asked): Promise<void> {
  const { limit, before } = readQuery(query, ["limit", "before"]);
  const count = readCount(limit, "limit", { max: 1_000, preset: 50 });
  // Nothing stands behind an id that is gone, and nobody would know why.
  if (before !== undefined) await find(requestLog, before);
  const requests = await requestLog.list({ limit: count, ...(before !== undefined && { olderThan: before }) });
  sendJson(response, { requests });
}

/** `GET /admin/requests/{id}`. */
export async function answerRequest({ store: { requestLog } }: AdminContext, { id, query, response }: Asked): Promise<void> {
  readQuery(query, []);
  sendJson(response, await find(requestLog, id));
}

async function find(requestLog: RequestLog, id: string): Promise<RequestRecord> {
  const record = await requestLog.get(id);
  if (record) return record;
  throw new GatewayError(
    "not-found",
    `No request with the id ${JSON.stringify(id.slice(0, 128))} is remembered. Ids are in the header x-dragoman-request-id and in the log; the oldest records go first.`,
  );
}

/** Records that are in memory at once. */
const AT_ONCE = 500;

/**
 * `GET /admin/traffic`: all that is remembered, the newest first, one JSON object a line: when and how long, whose and what,
 * where it went and what it used. What `dragoman simulate` plays again.
 */
export async function answerTraffic({ store: { requestLog }, log }: AdminContext, { query, response }: Asked): Promise<void> {
  readQuery(query, []);
  // Nothing is said before the first page is there: until then a failure has a status.
  const first = await requestLog.list({ limit: AT_ONCE });
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  try {
    await pipeline(Readable.from(pages(requestLog, first)), response);
  } catch (error) {
    // The connection is cut, so nobody takes this for all; whoever left knows why.
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") log.error({ err: error }, "traffic");
  }
}

async function* pages(requestLog: RequestLog, first: readonly RequestRecord[]): AsyncGenerator<string> {
  let page = first;
  for (let last = page.at(-1); last; last = page.at(-1)) {
    yield page.map((record) => `${toJson(trafficLine(record))}\n`).join("");
    page = page.length < AT_ONCE ? [] : await requestLog.list({ limit: AT_ONCE, olderThan: last.id });
  }
}

function trafficLine(record: RequestRecord): object {
  const { at, key, protocol, operation, stream, model, session, usage, ms, ttftMs, outcome, target, credential } = record;
  return { at, key, protocol, operation, stream, model, session, usage, ms, ttftMs, outcome, target, credential };
}
