/** The simulator's HTTP server: loopback only, real sockets, no code shared with what it is used to test. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createHash, randomBytes } from "node:crypto";
import { behaviourFromHeader } from "./behaviour-header.ts";
import { StateRecord, type StateSettings } from "./binding-conversation.ts";
import type { Call, Dialect, Settings } from "./dialect.ts";
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
  const simulator = new RunningSimulator(options);
  await simulator.listen(options.port ?? 0);
  return simulator;
}

class RunningSimulator implements Simulator {
  port = 0;
  readonly requests: MutableRequest[] = [];
  readonly credentials: Simulator["credentials"];
  readonly #options: SimulatorOptions;
  readonly #settings: Settings;
  readonly #script = new Script();
  readonly #marked = new MarkedAnswers();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (incoming, response) =>
    this.#take(incoming, response),
  );
  #sequence = 0;
  #openRequests = 0;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.credentials = new Map(Object.entries(options.credentials ?? {}));
    this.#settings = {
      state: stateSettings(options),
      responses: new ResponseStore(),
      models: options.models,
      requireKey: options.requireKey ?? false,
    };
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get responses(): ResponseStore {
    return this.#settings.responses;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  get openRequests(): number {
    return this.#openRequests;
  }

  script(...items: Parameters<Simulator["script"]>): void {
    this.#script.push(items);
  }

  answer(...[marker, behaviours]: Parameters<Simulator["answer"]>): void {
    this.#marked.set(marker, behaviours);
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    this.port = (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      for (const request of this.requests) settle(request, "cut");
      this.#server.close(() => {
        this.#sockets.clear();
        resolve();
      });
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #take(incoming: IncomingMessage, response: ServerResponse): void {
    const gone = new AbortController();
    this.#openRequests += 1;
    response.once("close", () => {
      this.#openRequests -= 1;
      gone.abort();
    });
    this.#serve(incoming, response, gone.signal).catch((error: unknown) => showBug(error, response));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
    const url = urlOf(incoming);
    const route = routeOf(incoming.method ?? "", url, incoming.headers);
    const body = await readBody(incoming, route.dialect.bodyLimit);
    const state = new StateRecord();
    const credential = credentialOf(incoming.headers, url);
    const request = this.#record(incoming, body ?? Buffer.alloc(0), credential, state);
    gone.addEventListener("abort", () => settle(request, response.writableFinished ? "answered" : "client-left"), { once: true });
    if (gone.aborted) settle(request, "client-left");
    const { operation = "generate", model, responseId, framing } = route;
    const { headers } = incoming;
    const call: Call = { operation, model, responseId, framing, headers, query: url.searchParams, body: request.body, credential, state };
    await perform(this.#stepsOf(call, route, request, body === undefined), response, gone, () => settle(request, "cut"));
  }

  #record(incoming: IncomingMessage, body: Buffer, credential: string | undefined, state: StateRecord): MutableRequest {
    const request: MutableRequest = {
      sequence: this.#sequence,
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      headers: incoming.rawHeaders,
      body,
      credential,
      outcome: "open",
      state,
    };
    this.#sequence += 1;
    if (this.#options.record === true) this.requests.push(request);
    return request;
  }

  #stepsOf(call: Call, route: Route, request: RecordedRequest, oversize: boolean): readonly Step[] {
    const { dialect, operation } = route;
    try {
      const header = call.headers["x-simulator"];
      const asked = typeof header === "string" ? behaviourFromHeader(header) : undefined;
      if (operation === undefined) throw new VendorError(404, "Not found");
      if (oversize) throw dialect.oversize();
      const behaviour = asked ?? this.#behaviourFor(call, dialect, request) ?? {};
      return stepsFor(call, dialect, this.#settings, behaviour, this.#options.chunkDelayMs ?? 0);
    } catch (error) {
      if (error instanceof VendorError) return soundSteps(dialect.failureReply(error, call), 0);
      throw error;
    }
  }

  /** What the test wants of a request that says nothing itself: by its key, by its prompt, else by its turn. */
  #behaviourFor(call: Call, dialect: Dialect, request: RecordedRequest): Behaviour | undefined {
    const ofCredential = this.credentials.get(call.credential ?? "");
    if (ofCredential !== undefined) return asBehaviour(ofCredential);
    const marked = call.operation === "generate" ? this.#marked.find(call, dialect, this.responses) : undefined;
    return marked ?? this.#script.take(request, call.operation);
  }
}

/** What became of a request, unless that is known already. */
function settle(request: MutableRequest, outcome: RecordedRequest["outcome"]): void {
  if (request.outcome === "open") request.outcome = outcome;
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
