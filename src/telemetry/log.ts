/** The log: one JSON object per line, to stderr. Every line passes the redaction, whatever was logged. */
import { destination, type DestinationStream, type Logger, pino, stdSerializers } from "pino";
import { GatewayError } from "../chat/error.ts";
import { Redaction } from "./redaction.ts";

/** From most to least. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How to log. */
export interface LogOptions {
  readonly level: LogLevel;
  /** What no line may hold; as a {@link Redaction} where that changes later. */
  readonly secrets: readonly string[] | Redaction;
  /** Where lines go; default: stderr. */
  readonly stream?: DestinationStream;
}

/** A logger. Errors belong under the key `err`. */
export function createLogger({ level, secrets, stream = standardError() }: LogOptions): Logger {
  const redaction = secrets instanceof Redaction ? secrets : new Redaction(secrets);
  return pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
    },
    { write: (line) => stream.write(redaction.redact(line)) },
  );
}

let lastMs = 0;
let lastTime = "";

/** The time as pino wants it, written out once per millisecond. */
function isoTime(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastTime = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastTime;
}

/** Bytes gathered before a write, and how long they wait at most, in ms: a write per line costs more than the line. */
const GATHERED_BYTES = 8_192;
const FLUSH_MS = 200;

/** Written in the background, soon, and flushed when the process ends. */
function standardError(): DestinationStream {
  return destination({ dest: 2, sync: false, minLength: GATHERED_BYTES, periodicFlush: FLUSH_MS });
}

/**
 * An error as it is logged. What a caller or an upstream caused is told by its kind and message; only our own faults have
 * a stack. Bodies, upstream headers and nested causes of the former stay out: they may hold prompts.
 */
function serializeError(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error instanceof Error ? stdSerializers.err(error) : error;
  const { kind, message, detail } = error;
  const { retryAfterMs, field, scope, upstreamStatus, cause } = detail;
  const known = { kind, message, retryAfterMs, field, scope, upstreamStatus };
  if (kind === "internal") return { ...known, stack: error.stack, cause: serializeError(cause) };
  return { ...known, cause: cause instanceof Error ? cause.message : undefined };
}
