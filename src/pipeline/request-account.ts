/** What is left of a request when it has ended: a record, and a line in the log; neither has a word of what was said. */
import { hash } from "node:crypto";
import type { Logger } from "pino";
import type { Usage } from "../chat/chat.ts";
import { addUsage } from "../chat/events.ts";
import type { RequestPeek } from "../protocols/protocol.ts";
import type { Clock } from "../routing/clock.ts";
import { targetName } from "../routing/target.ts";
import type { RequestLog, RequestRecord } from "../storage/request-log.ts";
import type { Answer } from "./answer.ts";
import type { CourseEnd, Failover } from "./failover.ts";
import type { Call } from "./handle.ts";
import { byGravity } from "./own-headers.ts";

/** What accounting needs from the program. */
export interface AccountContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly requestLog: RequestLog;
}

/** A request that has ended. */
export interface Finished {
  readonly call: Call;
  readonly answer: Answer;
  /** When it came, by the context's clock. */
  readonly began: number;
  readonly end: CourseEnd;
  readonly peek?: RequestPeek;
  /** The conversation that it belongs to, and whose. */
  readonly session?: string;
  readonly failover?: Failover;
}

/** The rest is in the record; a log line has an end. */
const MAX_LOSSES_LOGGED = 20;
/** Enough to tell conversations apart. */
const SESSION_CHARS = 16;

/** Remembers a request, and logs it. */
export function account(context: AccountContext, finished: Finished): void {
  const record = recordOf(context, finished);
  context.requestLog.write(record);
  log(context.log, record, finished.end);
}

function recordOf({ clock }: AccountContext, { call, answer, began, end, peek, session, failover }: Finished): RequestRecord {
  const { client, request, caller } = call;
  const current = failover?.current;
  const attempts = failover?.notes ?? [];
  const elapsed = clock.now() - began;
  const first = attempts.find(({ ttftMs }) => ttftMs !== undefined);
  const usage = attempts.reduce<Usage | undefined>((sum, attempt) => (attempt.usage ? addUsage(sum, attempt.usage) : sum), undefined);
  return {
    id: answer.requestId,
    at: Date.now() - elapsed,
    ms: Math.round(elapsed),
    ...(caller.name !== undefined && { key: caller.name }),
    protocol: client.id,
    operation: request.route.operation,
    stream: peek?.stream ?? false,
    ...(peek && { model: peek.model }),
    ...(session !== undefined && { session: hash("sha256", session, "base64url").slice(0, SESSION_CHARS) }),
    outcome: end.type,
    ...(end.type === "failed" && { error: { kind: end.error.kind, message: end.error.message } }),
    ...(current && { target: targetName(current.target), credential: current.credential.name, lane: current.prepared.lane.name }),
    ...(first?.ttftMs !== undefined && { ttftMs: first.atMs + first.ttftMs }),
    ...(failover?.fallback !== undefined && { fallback: failover.fallback }),
    ...(failover?.affinity !== undefined && { affinity: failover.affinity }),
    ...(failover?.recovery !== undefined && { recovery: failover.recovery }),
    attempts,
    losses: current?.prepared.losses ?? [],
    ...(usage && { usage }),
  };
}

function log(log: Logger, record: RequestRecord, end: CourseEnd): void {
  const { id, key, operation, model, target, credential, lane, outcome, ms, attempts, losses, usage, recovery } = record;
  const entry = {
    requestId: id,
    key,
    operation,
    model,
    target,
    credential,
    lane,
    outcome,
    ms,
    // One attempt is what the other fields tell already; who was passed over stands in the record.
    attempts: attempts.length > 1 ? attempts.map(({ target, credential, cause, ms }) => ({ target, credential, cause, ms })) : undefined,
    losses: losses.length > 0 ? byGravity(losses).slice(0, MAX_LOSSES_LOGGED) : undefined,
    usage,
    recovery,
  };
  if (end.type !== "failed") log.info(entry, "request");
  else if (end.error.kind === "internal") log.error({ ...entry, err: end.error }, "request");
  else log.warn({ ...entry, err: end.error }, "request");
}
