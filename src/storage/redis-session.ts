/** What replicas tell each other while one connection lasts: this one's facts out, others' facts in, each side one batch at a time. */
import type { RedisConnection, SaidFact } from "./redis-connection.ts";

/** Facts in one batch. */
const BATCH = 200;
/** Names of changed facts that wait to be read; what comes beyond them is left, and read when the connection is next opened. */
const MAX_UNREAD = 20_000;

/** What this replica knows. */
export interface KnownFacts {
  /** All of it. */
  names(): Iterable<string>;
  /** What was said last; `undefined` when that is forgotten. */
  get(name: string): SaidFact | undefined;
  /** Another replica said this. */
  hear(fact: SaidFact): void;
}

export class RedisSession {
  readonly #connection: RedisConnection;
  readonly #known: KnownFacts;
  readonly #unsaid = new Set<string>();
  readonly #unread = new Set<string>();
  #said: Promise<void> | undefined;
  #reading = false;

  constructor(connection: RedisConnection, known: KnownFacts) {
    this.#connection = connection;
    this.#known = known;
  }

  /** Tells all that is known here and learns all that is known there. @throws Error when the connection is lost meanwhile. */
  async catchUp(): Promise<void> {
    for (const name of this.#known.names()) this.#unsaid.add(name);
    await this.#flush();
    for await (const names of this.#connection.names()) await this.#read(names);
  }

  /** Something new is known here. */
  say(name: string): void {
    this.#unsaid.add(name);
    this.#flush().catch(lost);
  }

  /** Something new is known elsewhere. */
  news(names: readonly string[]): void {
    for (const name of names) if (this.#unread.size < MAX_UNREAD) this.#unread.add(name);
    if (!this.#reading) void this.#readAll().catch(lost);
  }

  /** Resolves when all that is known here was said, or cannot be. */
  async settled(): Promise<void> {
    await this.#said?.catch(lost);
  }

  #flush(): Promise<void> {
    if (this.#unsaid.size > 0) this.#said ??= this.#sayAll();
    return this.#said ?? Promise.resolve();
  }

  async #sayAll(): Promise<void> {
    while (this.#unsaid.size > 0) {
      const facts = take(this.#unsaid).map((name) => this.#known.get(name));
      this.news(await this.#connection.say(facts.filter((fact) => fact !== undefined)));
    }
    this.#said = undefined;
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    while (this.#unread.size > 0) await this.#read(take(this.#unread));
    this.#reading = false;
  }

  /** What changed here while the answer was on its way is read again, because either may be the newer. */
  async #read(names: readonly string[]): Promise<void> {
    // Saying those tells whether there is something newer.
    const asked = new Map(names.filter((name) => !this.#unsaid.has(name)).map((name) => [name, this.#known.get(name)?.id]));
    const crossed: string[] = [];
    for (const fact of await this.#connection.read([...asked.keys()])) {
      const id = this.#known.get(fact.name)?.id;
      if (id === fact.id) continue;
      if (id === asked.get(fact.name)) this.#known.hear(fact);
      else crossed.push(fact.name);
    }
    this.news(crossed);
  }
}

/** The connection itself says so. */
function lost(): void {}

function take(names: Set<string>): string[] {
  const taken = [...names.values().take(BATCH)];
  for (const name of taken) names.delete(name);
  return taken;
}
