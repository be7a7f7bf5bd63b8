/** The simulator's HTTP server: loopback only, real sockets, no code shared with what it is used to test. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createHash, randomBytes } from "node:crypto";
import { behaviourFromHeader } from "./behaviour-header.ts";
import { StateRecord, type StateSettings } from "./binding-conversation.ts";
import type { Call, Settings } from "./dialect.ts";
import { stepsFor } from "./exchange.ts";
import { soundSteps } from "./faults.ts";
import { MarkedAnswers } from "./marked-answers.ts";
import { ResponseStore } from "./responses-store.ts";
import { credentialOf, routeOf, type Route } from "./routes.ts";
import { asBehaviour, Script } from "./script.ts";
import { perform, type Step } from "./steps.ts";
import type { Behaviour, RecordedRequest, Simulator, SimulatorOptions } from "./types.ts";
import { VendorError } from "./vendor-error.ts";

export type { Simulator, SimulatorOptions } from "./types.ts";

type MutableRequest = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

/** Longer than any client keeps an idle connection, so that only a fault closes one first. */
const KEEP_ALIVE_MS = 600_000;

/** Starts a simulator on 127.0.0.1; rejects when the port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  const script = new Script();
  const marked = new MarkedAnswers();
  const credentials: Simulator["credentials"] = new Map(Object.entries(options.credentials ?? {}));
  const settings: Settings = {
    state: stateSettings(options),
    responses: new ResponseStore(),
    models: options.models,
    requireKey: options.requireKey ?? false,
  };
  let sequence = 0;
  let openRequests = 0;

  const serve = async (incoming: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> => {
    const url = urlOf(incoming);
    const route = routeOf(incoming.method ?? "", url, incoming.headers);
    const body = await readBody(incoming, route.dialect.bodyLimit);
    const state = new StateRecord();
    const request: MutableRequest = {
      sequence: sequence++,
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      headers: incoming.rawHeaders,
      body: body ?? Buffer.alloc(0),
      credential: credentialOf(incoming.headers, url),
      outcome: "open",
      state,
    };
    if (options.record === true) requests.push(request);
    const settle = (outcome: RecordedRequest["outcome"]): void => {
      if (request.outcome === "open") request.outcome = outcome;
    };
    gone.addEventListener("abort", () => settle(response.writableFinished ? "answered" : "client-left"), { once: true });
    if (gone.aborted) settle("client-left");
    const { operation, model, responseId, framing } = route;
    const call: Call = {
      operation: operation ?? "generate",
      model,
      responseId,
      framing,
      headers: incoming.headers,
      query: url.searchParams,
      body: request.body,
      credential: request.credential,
      state,
    };
    await perform(stepsOf(call, route, request, body === undefined), response, gone, () => settle("cut"));
  };

  const stepsOf = (call: Call, { dialect, operation }: Route, request: RecordedRequest, oversize: boolean): readonly Step[] => {
    try {
      const header = call.headers["x-simulator"];
      const asked = typeof header === "string" ? behaviourFromHeader(header) : undefined;
      if (operation === undefined) throw new VendorError(404, "Not found");
      if (oversize) throw dialect.oversize();
      const ofCredential = credentials.get(call.credential ?? "");
      const unasked = (): Behaviour | undefined =>
        (operation === "generate" ? marked.find(call, dialect, settings.responses) : undefined) ?? script.take(request, operation);
      const behaviour: Behaviour = asked ?? (ofCredential === undefined ? unasked() : asBehaviour(ofCredential)) ?? {};
      return stepsFor(call, dialect, settings, behaviour, options.chunkDelayMs ?? 0);
    } catch (error) {
      if (error instanceof VendorError) return soundSteps(dialect.failureReply(error, call), 0);
      throw error;
    }
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (incoming, response) => {
    const gone = new AbortController();
    openRequests++;
    response.once("close", () => {
      openRequests--;
      gone.abort();
    });
    serve(incoming, response, gone.signal).catch((error: unknown) => showBug(error, response));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    credentials,
    responses: settings.responses,
    get openConnections() {
      return sockets.size;
    },
    get openRequests() {
      return openRequests;
    },
    script: (...items) => script.push(items),
    answer: (marker, behaviours) => marked.set(marker, behaviours),
    close: () =>
      new Promise((resolve) => {
        for (const request of requests as MutableRequest[]) if (request.outcome === "open") request.outcome = "cut";
        server.close(() => {
          sockets.clear();
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function stateSettings({ issuer, strictState }: SimulatorOptions): StateSettings {
  const key = issuer === undefined ? randomBytes(32) : createHash("sha256").update(`simulator ${issuer}`).digest();
  return { key, minted: strictState === true ? new Set() : undefined };
}

/** The body, or `undefined` when it is over the limit; then the rest is read and thrown away. */
async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length <= limit ? Buffer.concat(chunks) : undefined;
}

function urlOf(incoming: IncomingMessage): URL {
  const base = "http://simulator";
  return URL.parse(incoming.url ?? "/", base) ?? new URL(base);
}

/** A fault of the simulator itself: in plain text, so that it cannot pass for a vendor's answer. A caller that left while it was sending sees nothing. */
function showBug(error: unknown, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(500, { "content-type": "text/plain" });
  response.end(`The simulator failed: ${error instanceof Error ? error.stack : String(error)}\n`);
}
