/**
 * Replays recorded requests against a configuration, with the code that routes: the same router, the same pool, the same
 * course of a request. Only time and the providers are not real, and nothing is sent anywhere.
 */
import { setImmediate } from "node:timers/promises";
import { allowsModel } from "../access/keys.ts";
import { comparablePrice } from "../catalog/prices.ts";
import type { Usage } from "../chat/chat.ts";
import { GatewayError, toGatewayError } from "../chat/error.ts";
import type { Config } from "../config/config.ts";
import { Course, type Stage } from "../pipeline/course.ts";
import { defaultAffinityLimits } from "../routing/affinity.ts";
import type { Lease, LeaseRequest, Passed } from "../routing/lease.ts";
import { Pool } from "../routing/pool.ts";
import { PoolRefusal } from "../routing/refusal.ts";
import { preferLane, Router } from "../routing/router.ts";
import type { Step } from "../routing/target.ts";
import { verdict } from "../routing/verdict.ts";
import { seededRandom } from "./seeded-random.ts";
import { Tally, type SimulationResult } from "./tally.ts";
import type { TrafficRequest } from "./traffic.ts";
import { VirtualUpstream } from "./upstream.ts";
import { VirtualClock } from "./virtual-clock.ts";

/**
 * Replays all of it.
 * @param requests in the order in which they came.
 * @param seed of the jitter in rests: the same seed, the same result.
 */
export function simulate(config: Config, requests: readonly TrafficRequest[], seed: number): Promise<SimulationResult> {
  return new Simulation(config, requests, seed).run();
}

class Simulation {
  readonly #config: Config;
  readonly #requests: readonly TrafficRequest[];
  readonly #clock = new VirtualClock();
  readonly #router: Router;
  readonly #pool: Pool;
  readonly #upstream: VirtualUpstream;
  readonly #tally: Tally;

  constructor(config: Config, requests: readonly TrafficRequest[], seed: number) {
    const { providers, routes, cooldown, queue, affinity } = config;
    this.#config = config;
    this.#requests = requests;
    this.#router = new Router(routes, providers, { of: modelsSeen(requests) });
    this.#pool = new Pool(providers, {
      clock: this.#clock,
      random: seededRandom(seed),
      cooldown,
      waiting: queue,
      affinity: { ...defaultAffinityLimits, ttlMs: affinity.ttlMs },
      priceOf: ({ provider, model }) => comparablePrice(provider.platform, model),
    });
    this.#upstream = new VirtualUpstream(providers);
    this.#tally = new Tally(providers, () => this.#clock.now());
  }

  async run(): Promise<SimulationResult> {
    const start = this.#requests[0]?.at ?? 0;
    for (const request of this.#requests) {
      await this.#runUntil(request.at - start);
      this.#clock.jumpTo(request.at - start);
      void this.#serve(request);
      await setImmediate();
    }
    await this.#runUntil(Infinity);
    return this.#tally.result();
  }

  /** Everything that one event leads to has happened before the next one. */
  async #runUntil(moment: number): Promise<void> {
    while (this.#clock.runNext(moment)) await setImmediate();
  }

  /** One request, as `pipeline/failover.ts` serves it. */
  async #serve(request: TrafficRequest): Promise<void> {
    this.#tally.arrived();
    const course = new Course(this.#config.retry, this.#clock);
    let steps: readonly Step[];
    try {
      steps = this.#stepsOf(request);
    } catch (thrown) {
      return this.#tally.failed(knownFailure(thrown).kind);
    }
    const client = new AbortController();
    const forget = request.cancelled ? this.#clock.after(request.ms, () => client.abort()) : undefined;
    const lease = await this.#findLease(course, steps, request, client.signal);
    forget?.();
    if (lease) return this.#answer(lease, request, course);
    if (client.signal.aborted) this.#tally.left();
    else this.#tally.failed(course.last?.kind ?? "unavailable");
  }

  /** @throws GatewayError when the caller or the model is not known. */
  #stepsOf({ key: name, model, protocol }: TrafficRequest): readonly Step[] {
    const { keys } = this.#config;
    // Who needed no key when this was recorded will be given one that may use every model.
    if (keys.length > 0 && name !== undefined) {
      const key = keys.find((one) => one.name === name);
      if (!key) throw new GatewayError("unauthenticated", `There is no key ${name}.`);
      if (!allowsModel(key, model)) throw new GatewayError("permission", `This key may not use the model ${model}.`);
    }
    return preferLane(this.#router.resolve(model), protocol);
  }

  /** The lease of the attempt that is answered; `undefined`: none was, or the client left before. */
  async #findLease(course: Course, steps: readonly Step[], request: TrafficRequest, signal: AbortSignal): Promise<Lease | undefined> {
    const session = request.session === undefined ? {} : { session: `${request.key ?? ""}\n${request.session}` };
    for (const stage of course.stages(steps)) {
      while (stage.open) {
        const lease = await this.#lease(stage, { ...stage.request(session), signal, deadlineMs: course.leftMs });
        if (signal.aborted) {
          lease?.release({ cancelled: true });
          return undefined;
        }
        if (!lease) break;
        course.attempted();
        const error = this.#attempt(lease, request);
        if (!error) return lease;
        lease.release({ error });
        course.last = error;
        if (!stage.failed(lease, verdict(error).next)) break;
      }
    }
    return undefined;
  }

  async #lease(stage: Stage, request: LeaseRequest): Promise<Lease | undefined> {
    const { provider } = stage.targets[0] ?? {};
    const began = this.#clock.now();
    const free = this.#pool.tryLease(request);
    if (!free) this.#meet(this.#pool.look(request).passedOver);
    try {
      const lease = free ?? (await this.#pool.lease(request));
      this.#meet(lease.choice.passedOver);
      return lease;
    } catch (thrown) {
      const error = knownFailure(thrown);
      const inLine = error.kind === "unavailable" && !(error instanceof PoolRefusal);
      if (inLine && provider) this.#tally.hit(this.#clock.now() === began ? "max_waiting" : "max_wait", provider);
      stage.unserved(error);
      return undefined;
    } finally {
      if (this.#clock.now() > began) this.#tally.waited(this.#clock.now() - began);
    }
  }

  /** Notes the limits for which somebody was passed over. */
  #meet(passedOver: readonly Passed[]): void {
    for (const { target, credential: name, reason } of passedOver) {
      if (reason === "busy") this.#tally.hit("max_concurrency", target.provider, name);
      if (reason !== "used-up") continue;
      const credential = target.provider.credentials.find((one) => one.name === name);
      if (credential) this.#tally.hit(this.#upstream.scarcest(credential, this.#clock.now()), target.provider, name);
    }
  }

  /** A 429, which takes no time; `undefined`: the answer begins. */
  #attempt(lease: Lease, { usage }: TrafficRequest): GatewayError | undefined {
    this.#tally.attempted();
    const refusal = this.#upstream.ask(lease.credential, tokensOf(usage) ?? 0, this.#clock.now());
    if (!refusal) return undefined;
    this.#tally.refused(lease, refusal.limit);
    return new GatewayError("rate-limited", `Beyond the declared ${refusal.limit}.`, { retryAfterMs: refusal.retryAfterMs });
  }

  /** Takes as long as it did when it was recorded. */
  async #answer(lease: Lease, request: TrafficRequest, course: Course): Promise<void> {
    const { usage, ms, ttftMs, cancelled } = request;
    this.#tally.taken(lease, request, course.fallback !== undefined, conversationOf(request));
    const lastsMs = cancelled ? course.began + ms - this.#clock.now() : ms;
    if (ttftMs !== undefined && ttftMs < lastsMs) this.#clock.after(ttftMs, () => lease.confirm());
    await new Promise<void>((resolve) => this.#clock.after(lastsMs, resolve));
    this.#tally.ended(lease, cancelled ? "cancelled" : "answered");
    const tokens = tokensOf(usage);
    lease.release(cancelled ? { cancelled: true } : { ok: true, ...(tokens !== undefined && { tokens }) });
  }
}

/** The models that each provider served: what it has, where the config does not say. */
function modelsSeen(requests: readonly TrafficRequest[]): (provider: string) => ReadonlySet<string> {
  const targets = new Set(requests.flatMap(({ target }) => target ?? []));
  const models = Map.groupBy(targets, (target) => target.slice(0, target.indexOf("/")));
  const seen = new Map([...models].map(([provider, names]) => [provider, new Set(names.map((name) => name.slice(provider.length + 1)))]));
  return (provider) => seen.get(provider) ?? new Set();
}

/** A provider's prompt cache is a model's. */
function conversationOf({ key = "", session, model }: TrafficRequest): string | undefined {
  return session === undefined ? undefined : `${key}\n${session}\n${model}`;
}

/** What counts against a limit of tokens; `undefined`: not known. */
function tokensOf({ input, output }: Usage = {}): number | undefined {
  return input === undefined && output === undefined ? undefined : (input ?? 0) + (output ?? 0);
}

/** Bugs are not counted, but end the simulation. */
function knownFailure(thrown: unknown): GatewayError {
  const error = toGatewayError(thrown);
  if (error.kind === "internal") throw thrown;
  return error;
}
