/** One conversation's state, from the request in which it comes back to the answer in which more is minted. */
import { StateMint, type StateFlaw, type StateHolder, type StateMeaning } from "./binding.ts";
import { Prefix } from "./binding-prefix.ts";
import type { StateFault, StateReport } from "./types.ts";
import { invalid } from "./vendor-error.ts";

/** What binding needs to know of the simulator. */
export interface StateSettings {
  /** Never leaves the simulator. */
  readonly key: Buffer;
  /** Places where state was minted and must therefore come back; absent unless state is strict. */
  readonly minted: Set<string> | undefined;
}

/** What became of the state of one request, as it is found out. */
export class StateRecord implements StateReport {
  kept = 0;
  standIns = 0;
  readonly dropped: StateFault[] = [];
  readonly refused: StateFault[] = [];
}

/** Where the pieces of a conversation go; both its reader and its writer are one. */
export interface PieceSink {
  text(role: string, text: string): void;
  piece(role: string, piece: unknown): void;
}

/** State as it stands in a conversation. */
export interface FoundState extends Omit<StateMeaning, "prefix"> {
  readonly value: string;
}

/** What stands before a summary that is to stand in its place. */
const NOTHING = Buffer.alloc(0);

/** Whether state holds for what stands before it. */
function isBound({ kind }: Pick<StateMeaning, "kind">): boolean {
  return kind !== "compaction";
}

/**
 * Reads a conversation piece by piece and judges the state in it; {@link answer} goes on with the answer to it. Where state
 * is strict, a place that had state when it was written must still have it.
 */
export class BoundConversation implements PieceSink {
  readonly #mint: StateMint;
  readonly #settings: StateSettings;
  readonly #record: StateRecord;
  readonly #prefix: Prefix;
  /** Where what is being read stands in the request, for faults. */
  path = "";

  /** @param record is told what became of the state. */
  constructor(settings: StateSettings, holder: StateHolder, record: StateRecord) {
    this.#settings = settings;
    this.#mint = new StateMint(settings.key, holder);
    this.#record = record;
    this.#prefix = new Prefix(settings.minted && ((before, piece) => this.#expectNoState(before, piece)));
  }

  /** Whether mismatches that the vendor lets pass are refused. */
  get strict(): boolean {
    return this.#settings.minted !== undefined;
  }

  text(role: string, text: string): void {
    this.#prefix.text(role, text);
  }

  piece(role: string, piece: unknown): void {
    this.#prefix.piece(role, piece);
  }

  /** Takes state at this place: what is wrong with it, or `undefined` when it is kept. */
  state(role: string, { value, ...meaning }: FoundState): StateFlaw | undefined {
    const flaw = this.#mint.flawOf(value, { ...meaning, prefix: isBound(meaning) ? this.#prefix.digest() : NOTHING });
    if (flaw === undefined) this.#record.kept += 1;
    this.#prefix.state(role, value);
    return flaw;
  }

  /** Takes what stands for state that somebody else minted. */
  standIn(role: string, value: string): void {
    const prefix = this.#prefix.digest();
    if (this.#settings.minted?.has(this.#mint.placeOf(prefix, ""))) this.#refuseLost();
    this.#record.standIns += 1;
    this.#prefix.state(role, value);
  }

  /** Records that the state just taken is left out. */
  drop(reason: StateFlaw): void {
    this.#record.dropped.push({ path: this.path, reason });
  }

  /** Records that the request is refused for the state just taken; the dialect says so in the vendor's words. */
  refuse(reason: StateFlaw): void {
    this.#record.refused.push({ path: this.path, reason });
  }

  /** The answer that follows what was read. */
  answer(): BoundAnswer {
    return new BoundAnswer(this.#settings, this.#mint, this.#prefix);
  }

  #expectNoState(before: () => Buffer, piece: string | undefined): void {
    const prefix = before();
    const places = [this.#mint.placeOf(prefix, ""), ...(piece === undefined ? [] : [this.#mint.placeOf(prefix, piece)])];
    if (places.some((place) => this.#settings.minted?.has(place))) this.#refuseLost();
  }

  #refuseLost(): never {
    this.refuse("lost");
    throw invalid(`${this.path}: the reasoning state that was minted before this is missing.`);
  }
}

/** Writes an answer piece by piece and mints the state in it. */
export class BoundAnswer implements PieceSink {
  readonly #mint: StateMint;
  readonly #minted: Set<string> | undefined;
  readonly #prefix: Prefix;
  /** Places of state that the next content follows. */
  readonly #open: Buffer[] = [];

  constructor({ minted }: StateSettings, mint: StateMint, before: Prefix) {
    this.#mint = mint;
    this.#minted = minted;
    this.#prefix = before.fork(minted && ((_, piece) => this.#note(piece)));
  }

  text(role: string, text: string): void {
    this.#prefix.text(role, text);
  }

  piece(role: string, piece: unknown): void {
    this.#prefix.piece(role, piece);
  }

  /** Mints state that stands before the content it belongs to. */
  mint(role: string, meaning: Omit<StateMeaning, "prefix">, seed: string): string {
    this.#prefix.end();
    const prefix = isBound(meaning) ? this.#prefix.digest() : NOTHING;
    const state = this.#mint.mint({ ...meaning, prefix }, seed);
    if (this.#minted && isBound(meaning)) this.#open.push(prefix);
    this.#prefix.state(role, state);
    return state;
  }

  /** Mints state that stands on the content before it, which is the content that it belongs to. */
  mintBehind(role: string, seed: string): string {
    const prefix = this.#prefix.digest();
    const state = this.#mint.mint({ kind: "part", signed: "", prefix }, seed);
    this.#minted?.add(this.#mint.placeOf(prefix, ""));
    this.#prefix.state(role, state);
    return state;
  }

  /** The answer is written. */
  end(): void {
    this.#prefix.end();
  }

  /** Adds state that a script wrote; nobody minted it. */
  scripted(role: string, state: string): void {
    this.#prefix.state(role, state);
  }

  #note(piece: string | undefined): void {
    if (piece === undefined) return;
    for (const prefix of this.#open.splice(0)) this.#minted?.add(this.#mint.placeOf(prefix, piece));
  }
}
