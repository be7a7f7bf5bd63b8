/** Which models each provider says it has: asked for now and then in the background, so that neither a start nor a request ever waits. */
import type { Logger } from "pino";
import { toGatewayError } from "../chat/error.ts";
import { tryParseJson } from "../chat/json.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { serverOf, type Provider } from "../providers/provider.ts";
import type { ListedModels } from "../routing/router.ts";
import type { StateStore } from "../storage/state-store.ts";
import { fetchModels, type ModelListContext } from "./model-lists.ts";

/** How often a list is asked for anew, in ms. */
const REFRESH_MS = 3_600_000;
/** How soon one is asked for again that could not be had, in ms; doubles. */
const RETRY_MS = 60_000;
/** A list that could not be had again is believed for so long, in ms. */
const KEPT_MS = 7 * 86_400_000;
/** Of a pool whose keys are refused one after the other, so many are tried. */
const MAX_CREDENTIALS = 3;

const NONE: ReadonlySet<string> = new Set();

/** What asking needs from the program. */
export interface ListedModelsContext extends ModelListContext {
  readonly protocols: ReadonlyMap<string, Protocol>;
  readonly stateStore: StateStore;
  readonly log: Logger;
}

/** One provider that is asked. */
interface Asked {
  readonly provider: Provider;
  models: ReadonlySet<string>;
  timer: NodeJS.Timeout | undefined;
  retryMs: number;
}

export class ListedModelMemory implements ListedModels {
  readonly #context: ListedModelsContext;
  /** By provider name. */
  #asked: ReadonlyMap<string, Asked> = new Map();
  readonly #stop = new AbortController();

  constructor(context: ListedModelsContext) {
    this.#context = context;
  }

  of(provider: string): ReadonlySet<string> {
    return this.#asked.get(provider)?.models ?? NONE;
  }

  /** Asks these from now on, and no others. What was known of one at the same address stays. */
  configure(providers: readonly Provider[]): void {
    const kept = new Map(this.#context.stateStore.load("models").map(({ key, value }) => [key, value]));
    const before = this.#asked;
    for (const { timer } of before.values()) clearTimeout(timer);
    this.#asked = new Map(
      providers.filter(isAsked).map((provider) => {
        const earlier = before.get(provider.name);
        const models =
          earlier && serverOf(earlier.provider) === serverOf(provider) ? earlier.models : new Set(namesIn(kept.get(serverOf(provider))));
        return [provider.name, { provider, models, timer: undefined, retryMs: RETRY_MS }];
      }),
    );
    for (const asked of this.#asked.values()) this.#refresh(asked);
  }

  close(): void {
    this.#stop.abort();
    for (const { timer } of this.#asked.values()) clearTimeout(timer);
  }

  #refresh(asked: Asked): void {
    const { provider } = asked;
    const isCurrent = (): boolean => !this.#stop.signal.aborted && this.#asked.get(provider.name) === asked;
    void this.#fetch(provider).then(
      (models) => {
        if (!isCurrent()) return;
        asked.models = new Set(models);
        asked.retryMs = RETRY_MS;
        this.#context.stateStore.set("models", { key: serverOf(provider), value: JSON.stringify(models), expiresAt: Date.now() + KEPT_MS });
        this.#arrange(asked, REFRESH_MS);
      },
      (thrown: unknown) => {
        if (!isCurrent()) return;
        this.#context.log.info({ provider: provider.name, err: toGatewayError(thrown) }, "a provider did not list its models");
        this.#arrange(asked, asked.retryMs);
        asked.retryMs = Math.min(asked.retryMs * 2, REFRESH_MS);
      },
    );
  }

  #arrange(asked: Asked, ms: number): void {
    asked.timer = setTimeout(() => this.#refresh(asked), ms).unref();
  }

  async #fetch(provider: Provider): Promise<readonly string[]> {
    const [protocol] = provider.protocolsFor("*");
    const upstream = this.#context.protocols.get(protocol)?.upstream;
    let failure: unknown;
    for (const credential of provider.credentials.slice(0, MAX_CREDENTIALS)) {
      try {
        if (upstream) return await fetchModels(this.#context, { provider, upstream, credential }, this.#stop.signal);
      } catch (thrown) {
        failure = thrown;
      }
    }
    throw failure;
  }
}

/** Whether its answer would be of use: not of one that is part of this process. */
function isAsked({ listsModels = true, embedded, credentials }: Provider): boolean {
  return listsModels && embedded !== true && credentials.length > 0;
}

function namesIn(text: string | undefined): readonly string[] {
  const names = text === undefined ? undefined : tryParseJson(text);
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
}
