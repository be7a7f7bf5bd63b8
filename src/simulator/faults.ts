/** Turns a good answer and the name of a fault into what happens on the wire. */
import { gzipSync } from "node:zlib";
import type { Answer, Call, Dialect } from "./dialect.ts";
import { VENDOR_FAULTS, type FaultName, type VendorFault, type WireFault } from "./fault-names.ts";
import { replyBody, wholeReply, type Frame, type Reply } from "./reply.ts";
import { headOf, writesOf, type Step } from "./steps.ts";
import type { Behaviour } from "./types.ts";
import type { VendorError } from "./vendor-error.ts";

/** Faults that are a plain error answer. */
type ErrorFault = Exclude<FaultName, WireFault>;

/** What a fault is applied to. */
export interface Victim {
  readonly answer: Answer;
  /** The answer in the form that was asked for. */
  readonly reply: Reply;
  readonly dialect: Dialect;
  readonly call: Call;
  readonly behaviour: Behaviour;
  /** Milliseconds between frames. */
  readonly chunkDelayMs: number;
}

const DRIP_BYTES = 16;
const DRIP_MS = 5;
const HTML =
  "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n";

/** Whether the fault is a plain error answer. */
export function isErrorFault(fault: FaultName): fault is ErrorFault {
  return isVendorFault(fault) || /^\d+$/.test(fault);
}

/** The vendor's error of an error fault. */
export function errorOf(fault: ErrorFault, dialect: Dialect, retryInfo: number | undefined): VendorError {
  return isVendorFault(fault) ? dialect.failure(fault) : dialect.failure(Number(fault), retryInfo);
}

function isVendorFault(fault: FaultName): fault is VendorFault {
  return (VENDOR_FAULTS as readonly string[]).includes(fault);
}

/** The steps of an answer to which nothing happens. */
export function soundSteps(reply: Reply, chunkDelayMs: number): Step[] {
  return [headOf(reply), ...writesOf(reply.frames, chunkDelayMs), { do: "end" }];
}

/** The steps of an answer to which the fault happens. */
export function faultSteps(fault: WireFault, victim: Victim): Step[] {
  const { reply, chunkDelayMs } = victim;
  const head = headOf(reply);
  switch (fault) {
    case "hang-before-headers":
      return [{ do: "hang" }];
    case "hang-after-headers":
      return [head, { do: "hang" }];
    case "hang-mid-stream":
      return [head, ...writesOf(framesUntilCut(victim), chunkDelayMs), { do: "hang" }];
    case "reset-before-headers":
      return [{ do: "reset" }];
    case "reset-after-headers":
      return [head, { do: "reset" }];
    case "reset-mid-event":
      return [head, ...writesOf([...framesUntilCut(victim), halfOfNext(victim)], chunkDelayMs), { do: "reset" }];
    case "end-early":
      return soundSteps({ ...reply, stream: true, frames: framesUntilCut(victim) }, chunkDelayMs);
    case "error-in-200":
      return soundSteps({ ...victim.dialect.failureReply(toldError(victim), victim.call), status: 200 }, 0);
    case "error-first":
      return soundSteps(withError(victim, 0), chunkDelayMs);
    case "error-before-content":
      return soundSteps(withError(victim, firstContent(reply)), chunkDelayMs);
    case "error-after-content":
      return soundSteps(withError(victim, framesUntilCut(victim).length), chunkDelayMs);
    case "empty":
      return soundSteps({ ...reply, frames: [] }, 0);
    case "json-for-stream":
      return soundSteps(victim.answer.whole(), 0);
    case "garbage-json":
      return soundSteps(withGarbage(reply), chunkDelayMs);
    case "html":
      return soundSteps(wholeReply(victim.behaviour.status ?? 502, { "content-type": "text/html" }, HTML), 0);
    case "wrong-content-type":
      return soundSteps({ ...reply, headers: { ...reply.headers, "content-type": "text/plain" } }, chunkDelayMs);
    case "truncated-gzip":
      return soundSteps(truncatedGzip(reply), 0);
    case "slow-drip":
      return [head, ...writesOf(slices(reply, DRIP_BYTES), Math.max(1, victim.behaviour.chunkDelayMs ?? DRIP_MS)), { do: "end" }];
    case "split-bytes":
      return [head, ...slices(reply, 1).flatMap((frame): Step[] => [{ do: "write", bytes: frame.bytes }, { do: "flush" }]), { do: "end" }];
    case "huge-line":
      // The brain has already made it.
      return soundSteps(reply, chunkDelayMs);
    case "close-after-answer":
      return [...soundSteps(reply, chunkDelayMs), { do: "close" }];
  }
}

/** The frames sent before a cut in mid-stream; of an answer in one piece, half. */
function framesUntilCut({ reply, behaviour }: Victim): readonly Frame[] {
  if (!reply.stream) return [firstHalf(reply.frames[0])];
  return reply.frames.slice(0, behaviour.at ?? firstContent(reply) + 1);
}

function firstContent(reply: Reply): number {
  return reply.frames.findIndex((frame) => frame.role !== "start");
}

function halfOfNext(victim: Victim): Frame {
  return victim.reply.stream ? firstHalf(victim.reply.frames[framesUntilCut(victim).length]) : { bytes: Buffer.alloc(0), role: "content" };
}

function firstHalf(frame: Frame | undefined): Frame {
  const bytes = frame?.bytes ?? Buffer.alloc(0);
  return { bytes: bytes.subarray(0, Math.ceil(bytes.length / 2)), role: "content" };
}

function toldError({ dialect, behaviour }: Victim): VendorError {
  return dialect.failure(behaviour.status ?? 500, behaviour.retryInfo);
}

/** The first `count` frames and then the error; an answer in one piece becomes the error body. */
function withError(victim: Victim, count: number): Reply {
  const { reply, dialect, call } = victim;
  if (!reply.stream) return { ...dialect.failureReply(toldError(victim), call), status: 200 };
  const error = dialect.failureFrame(toldError(victim), call, count);
  return { ...reply, frames: [...reply.frames.slice(0, count), error] };
}

/** The first frame with content, or the whole body, loses its last three bytes before its end. */
function withGarbage(reply: Reply): Reply {
  const at = reply.stream ? firstContent(reply) : 0;
  const frames = reply.frames.map((frame, index) => (index === at ? { ...frame, bytes: broken(frame.bytes) } : frame));
  return { ...reply, frames };
}

function broken(bytes: Buffer): Buffer {
  const text = bytes.toString("utf8");
  const brace = text.lastIndexOf("}");
  return Buffer.from(`${text.slice(0, Math.max(0, brace - 2))}${text.slice(brace + 1)}`);
}

function truncatedGzip(reply: Reply): Reply {
  const zipped = gzipSync(replyBody(reply));
  const half = zipped.subarray(0, Math.ceil(zipped.length / 2));
  return { ...reply, headers: { ...reply.headers, "content-encoding": "gzip" }, frames: [{ bytes: half, role: "content" }] };
}

function slices(reply: Reply, size: number): Frame[] {
  const body = replyBody(reply);
  return Array.from({ length: Math.ceil(body.length / size) }, (_, index) => ({
    bytes: body.subarray(index * size, (index + 1) * size),
    role: "content" as const,
  }));
}
