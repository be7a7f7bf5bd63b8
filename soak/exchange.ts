/** One request over HTTP, and the reading of its answer in the chosen manner. */
import { request, type Agent, type ClientRequest, type IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

import { checkEnvelope, readWhole, streamReader, streamType } from "./answers.ts";
import type { Choice } from "./choice.ts";
import type { Received } from "./outcome.ts";
import { requestFor, type Sent } from "./requests.ts";

/** A slow reader's rest after each read, in ms. */
const restMs = 15;
/** No answer takes as long, in ms, whatever happens to it upstream. */
const patienceMs = 90_000;

/** The connections that all workers share. */
export interface Line {
  readonly port: number;
  readonly agent: Agent;
}

/**
 * Asks, and reads the answer to its end.
 * @param previous the id of the kept answer that the request goes on from
 * @returns what came, or `undefined` when the client left as it meant to
 * @throws Error with what is wrong with the answer, when it is not one of its protocol
 */
export async function exchange(choice: Choice, previous: string | undefined, line: Line): Promise<Received | undefined> {
  const sent = requestFor(choice, previous);
  try {
    return await attempt(choice, sent, line);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    return attempt(choice, sent, line);
  }
}

/** The server closed a kept connection just as it was used again; every client then asks on another one (RFC 9112, 9.3.1). */
class StaleConnection extends Error {}

async function attempt(choice: Choice, sent: Sent, { port, agent }: Line): Promise<Received | undefined> {
  const { path, headers, body } = sent;
  const outgoing = request({ host: "127.0.0.1", port, path, headers, method: "POST", agent: choice.closes ? false : agent });
  const timers: NodeJS.Timeout[] = [];
  let given: "left" | "lost patience" | undefined;
  const giveUp = (why: "left" | "lost patience") => () => {
    given = why;
    outgoing.destroy();
  };
  timers.push(setTimeout(giveUp("lost patience"), patienceMs));
  if (choice.manner === "leaves") timers.push(setTimeout(giveUp("left"), (choice.shape.events * choice.shape.intervalMs) / 2));
  try {
    const incoming = await answerTo(outgoing, body);
    return await receive(choice, incoming).catch((error: unknown) => {
      const id = String(incoming.headers["x-dragoman-request-id"]);
      throw new Error(`${(error as Error).message} (${id} in the gateway's log)`, { cause: error });
    });
  } catch (error) {
    if (given === "left") return undefined;
    if (given === "lost patience") throw new Error(`no end within ${patienceMs} ms`, { cause: error });
    throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function answerTo(outgoing: ClientRequest, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      const isStale = outgoing.reusedSocket && error.code === "ECONNRESET";
      reject(isStale ? new StaleConnection(error.message) : new Error(`no answer: ${error.message}`));
    });
    outgoing.end(body);
  });
}

async function receive(choice: Choice, incoming: IncomingMessage): Promise<Received> {
  const { protocol, stream } = choice;
  const status = incoming.statusCode ?? 0;
  const type = incoming.headers["content-type"] ?? "";
  if (status !== 200) {
    checkEnvelope(protocol, await bodyOf(incoming));
    return { status };
  }
  const expectedType = stream ? streamType(protocol) : "application/json";
  if (!type.startsWith(expectedType)) throw new Error(`the content type is ${type}`);
  if (!stream) return readWhole(protocol, await bodyOf(incoming));
  const reader = streamReader(protocol);
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    reader.push(chunk);
    if (choice.manner === "slow") await wait(restMs);
  }
  return reader.end();
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
