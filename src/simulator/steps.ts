/** What happens on the wire, step by step, and the doing of it. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as wait, setImmediate as nextTurn } from "node:timers/promises";
import { replyBody, type Reply } from "./reply.ts";

/** One thing to do with a response. */
export type Step =
  | { readonly do: "pause"; readonly ms: number }
  | { readonly do: "head"; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly do: "write"; readonly bytes: Buffer }
  /** Until what was written has left this process, so that the next write is a segment of its own. */
  | { readonly do: "flush" }
  | { readonly do: "end" }
  /** Closes the connection after a complete answer. */
  | { readonly do: "close" }
  | { readonly do: "reset" }
  /** Until the caller leaves. */
  | { readonly do: "hang" };

/** The head of a reply; answers in one piece say how long they are. */
export function headOf(reply: Reply): Step {
  const length = reply.stream ? {} : { "content-length": String(replyBody(reply).length) };
  return { do: "head", status: reply.status, headers: { ...reply.headers, ...length } };
}

/** The frames of a reply, `chunkDelayMs` apart. */
export function writesOf(frames: Reply["frames"], chunkDelayMs: number): Step[] {
  return frames.flatMap((frame, index): Step[] => {
    const write: Step = { do: "write", bytes: frame.bytes };
    return index > 0 && chunkDelayMs > 0 ? [{ do: "pause", ms: chunkDelayMs }, write] : [write];
  });
}

/** Does the steps in order; stops, without an error, as soon as the signal says that the connection is gone. `onCut` is told just before a reset. */
export async function perform(steps: readonly Step[], response: ServerResponse, left: AbortSignal, onCut: () => void): Promise<void> {
  const socket = response.socket as Socket;
  for (const step of steps) {
    if (left.aborted) return;
    if (step.do === "reset") await reset(response, socket, left, onCut);
    else await performOne(step, response, socket, left);
  }
}

async function performOne(
  step: Exclude<Step, { do: "reset" }>,
  response: ServerResponse,
  socket: Socket,
  left: AbortSignal,
): Promise<void> {
  switch (step.do) {
    case "head":
      response.writeHead(step.status, step.headers);
      return;
    case "write":
      if (!response.write(step.bytes)) await untilDrained(response, left);
      return;
    case "end":
      response.end();
      return;
    case "close":
      await untilFinished(response, left);
      socket.end();
      return;
    case "pause":
      flushHead(response);
      await wait(step.ms, undefined, { signal: left }).catch(() => undefined);
      return;
    case "flush":
      flushHead(response);
      await untilWritten(socket, left);
      return;
    case "hang":
      flushHead(response);
      await untilAborted(left);
      return;
  }
}

async function reset(response: ServerResponse, socket: Socket, left: AbortSignal, onCut: () => void): Promise<void> {
  flushHead(response);
  await untilWritten(socket, left);
  if (left.aborted) return;
  onCut();
  socket.resetAndDestroy();
}

/** Node keeps headers back to send them with the first bytes of the body. */
function flushHead(response: ServerResponse): void {
  if (response.headersSent && !response.writableEnded) response.flushHeaders();
}

function untilDrained(response: ServerResponse, left: AbortSignal): Promise<void> {
  return untilCalled((done) => response.once("drain", done), left);
}

function untilFinished(response: ServerResponse, left: AbortSignal): Promise<void> {
  return response.writableFinished ? Promise.resolve() : untilCalled((done) => response.once("finish", done), left);
}

async function untilWritten(socket: Socket, left: AbortSignal): Promise<void> {
  // Node corks a response until the end of the turn; after it, an empty write completes behind everything before it.
  await nextTurn();
  await untilCalled((done) => socket.write("", done), left);
}

function untilAborted(left: AbortSignal): Promise<void> {
  return untilCalled(() => undefined, left);
}

/** Resolves when `subscribe`'s callback is called or the caller has left. */
function untilCalled(subscribe: (done: () => void) => unknown, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (left.aborted) return resolve();
    const done = (): void => {
      left.removeEventListener("abort", done);
      resolve();
    };
    left.addEventListener("abort", done, { once: true });
    subscribe(done);
  });
}
