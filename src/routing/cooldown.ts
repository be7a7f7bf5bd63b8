/**
 * What a credential rests from, per model and for the whole account, and when it is tried again (resilience §3).
 * Every rest ends: at its end, or earlier on a schedule, exactly one request is let through as a probe. Its success
 * clears the rest at once, its failure doubles it. Times are those of one monotonic clock, in ms.
 */
import type { ErrorKind } from "../chat/error.ts";
import type { Rest, RestClass } from "./verdict.ts";

/** How long what failed rests, in ms. A little jitter comes on top of each. */
export interface CooldownPolicy {
  /** After a 429 without a hint; doubles up to `rateLimitMaxMs`. */
  readonly rateLimitBaseMs: number;
  readonly rateLimitMaxMs: number;
  /** After a 5xx, a timeout or a broken connection; doubles up to `transientMaxMs`, which caps its hints too. */
  readonly transientBaseMs: number;
  readonly transientMaxMs: number;
  /** The longest hint that is believed. */
  readonly hintMaxMs: number;
  /** The longest rest after 402, 403 and 404, which begin at `probeIntervalMs` and double. */
  readonly longMs: number;
  /** A probe is let through at least this often, because hints have been wrong. */
  readonly probeIntervalMs: number;
}

export const defaultCooldownPolicy: CooldownPolicy = {
  rateLimitBaseMs: 1_000,
  rateLimitMaxMs: 300_000,
  transientBaseMs: 1_000,
  transientMaxMs: 60_000,
  hintMaxMs: 86_400_000,
  longMs: 3_600_000,
  probeIntervalMs: 600_000,
};

/**
 * Whether a credential may serve a model now.
 * - `ready` nothing holds it
 * - `probe` it may serve one request, which tells whether it has recovered
 * - `probing` that one request is under way, and worth waiting for
 * - `resting` not before its next probe
 */
export type Standing = "ready" | "probe" | "probing" | "resting";

/** One rest, its times from the moment at which it is told: so it may be kept beyond the process. */
export interface KeptRest {
  readonly why: ErrorKind;
  readonly class: RestClass;
  /** Failures since the last success. */
  readonly failures: number;
  /** When it began, in ms before. */
  readonly sinceMs: number;
  /** When it ends, in ms from then; absent: when the credential is changed. */
  readonly untilMs?: number;
  /** When the next probe is let through, in ms from then. */
  readonly nextProbeMs: number;
}

/** One rest, for people. */
export interface CooldownView extends KeptRest {
  /** Absent: the whole account rests. */
  readonly model?: string;
  readonly probing: boolean;
}

/** What a lease holds to account for it later. */
export interface Row {
  readonly model: string | undefined;
  why: ErrorKind;
  class: RestClass;
  failures: number;
  since: number;
  until: number;
  nextProbe: number;
  /** The {@link Cooldowns.mark} at which its window opened. */
  mark: number;
  probing: boolean;
}

/** The share of a rest that jitter may add. */
const JITTER = 0.1;
/** Callers choose model names, so there must be a bound; the oldest is forgotten first. */
const MAX_ROWS = 1_000;

/** Counts the windows that have opened, over all that the same requests may speak about. */
export interface Marks {
  last: number;
}

/** What cooldowns are made with. */
export interface CooldownOptions {
  readonly policy: CooldownPolicy;
  /** Absent: its own windows alone are counted. */
  readonly marks?: Marks;
  /** A number from 0 to below 1, for jitter. */
  readonly random: () => number;
  /** Hears of every change: what holds this model now, or that nothing does; `undefined` stands for the whole account. */
  readonly onChange?: (model: string | undefined, rest: KeptRest | undefined) => void;
}

/** The rests of one credential, or of a provider. */
export class Cooldowns {
  #policy: CooldownPolicy;
  readonly #random: () => number;
  readonly #onChange: CooldownOptions["onChange"];
  /** By model; the whole account's under `undefined`. */
  readonly #rows = new Map<string | undefined, Row>();
  readonly #marks: Marks;

  constructor({ policy, random, onChange, marks = { last: 0 } }: CooldownOptions) {
    this.#policy = policy;
    this.#random = random;
    this.#marks = marks;
    this.#onChange = onChange;
  }

  /** Another policy for the rests that begin from now on. */
  configure(policy: CooldownPolicy): void {
    this.#policy = policy;
  }

  /**
   * Grows whenever a window opens. A request that began at an earlier mark cannot speak about a later window: its
   * success clears nothing, and its failure does not double what other failures of the same moment began.
   */
  get mark(): number {
    return this.#marks.last;
  }

  standing(model: string, now: number): Standing {
    if (this.#rows.size === 0) return "ready";
    const account = standingOf(this.#rows.get(undefined), now);
    if (account === "resting") return account;
    const own = standingOf(this.#rows.get(model), now);
    if (own === "resting" || account === "ready") return own;
    return own === "probing" ? own : account;
  }

  /** The rests that hold this model, the account's first. */
  rowsFor(model: string): readonly Row[] {
    if (this.#rows.size === 0) return [];
    return [this.#rows.get(undefined), this.#rows.get(model)].filter((row) => row !== undefined);
  }

  /** Makes the caller the probe of every rest that holds this model. It must give these back with {@link endProbe}. */
  beginProbe(model: string): readonly Row[] {
    const rows = this.rowsFor(model);
    for (const row of rows) row.probing = true;
    return rows;
  }

  endProbe(rows: readonly Row[]): void {
    for (const row of rows) row.probing = false;
  }

  /**
   * A request that began at `mark` succeeded: neither this model nor the account need rest any longer.
   * @param but the class of rests that it tells nothing about.
   */
  clear(model: string, mark: number, but?: RestClass): void {
    for (const row of this.rowsFor(model)) {
      if (row.mark <= mark && row.class !== but) this.#delete(row.model);
    }
  }

  /** Another key of the account was answered, to a request that began at `mark`: a guess about what they share was wrong. */
  clearShared(model: string, mark: number): void {
    for (const row of this.rowsFor(model)) {
      const shared = row.model === undefined ? row.class !== "down" : row.class === "rate-limit";
      if (shared && row.mark <= mark) this.#delete(row.model);
    }
  }

  /** Whether its key was refused, which nothing that other keys of the account meet can change. */
  get refused(): boolean {
    return this.#rows.get(undefined)?.class === "down";
  }

  /** Ends every rest, whatever runs. */
  reset(): void {
    for (const model of this.#rows.keys()) this.#delete(model);
  }

  /**
   * A rest that was written `agoMs` ago goes on here; one that has ended meanwhile is due for its probe. Nobody hears of it: it
   * was told already.
   */
  restore(model: string | undefined, kept: KeptRest, agoMs: number, now: number): void {
    const row = this.#rows.get(model) ?? this.#open(model, now);
    // Requests under way began before it was known here, and cannot speak about it.
    this.#marks.last += 1;
    row.mark = this.#marks.last;
    row.why = kept.why;
    row.class = kept.class;
    row.failures = kept.failures;
    row.since = now - agoMs - kept.sinceMs;
    row.until = kept.untilMs === undefined ? Infinity : now + Math.max(kept.untilMs - agoMs, 0);
    row.nextProbe = now + Math.min(Math.max(kept.nextProbeMs - agoMs, 0), this.#policy.probeIntervalMs);
  }

  /** A rest is over, as somebody else found out: nobody hears of it. */
  end(model: string | undefined): void {
    this.#rows.delete(model);
  }

  /** A request that began at `mark` failed. */
  add(model: string, rest: Rest, why: ErrorKind, mark: number, now: number): void {
    const key = rest.scope === "account" ? undefined : model;
    const row = this.#rows.get(key) ?? this.#open(key, now);
    const late = row.mark > mark;
    const again = row.class === rest.class;
    const failures = again ? row.failures + (late ? 0 : 1) : 1;
    const until = now + this.#duration(rest, failures);
    // Only another hint, or another cause that is no mere stumble, may cut short the rest that a probe tested.
    const news = rest.class !== "transient" && (!again || hinted(rest));
    const stands = until <= row.until && (late || !news);
    if (late && stands) return;
    if (!late) {
      this.#marks.last += 1;
      row.mark = this.#marks.last;
    }
    if (!stands) {
      row.why = why;
      row.class = rest.class;
      row.until = until;
    }
    if (again || !stands) row.failures = failures;
    row.nextProbe = Math.min(row.until, now + this.#policy.probeIntervalMs);
    this.#onChange?.(key, told(row, now));
  }

  /** When the next probe of any rest falls due after `now`. */
  nextChange(now: number): number {
    let next = Infinity;
    for (const { nextProbe } of this.#rows.values()) {
      if (nextProbe > now && nextProbe < next) next = nextProbe;
    }
    return next;
  }

  describe(now: number): CooldownView[] {
    return [...this.#rows.values()].map((row) => ({
      ...(row.model !== undefined && { model: row.model }),
      ...told(row, now),
      probing: row.probing,
    }));
  }

  #duration(rest: Rest, failures: number): number {
    const policy = this.#policy;
    switch (rest.class) {
      case "rate-limit":
        if (hinted(rest)) return this.#jittered(Math.min(rest.hintMs, policy.hintMaxMs));
        return this.#doubled(policy.rateLimitBaseMs, failures, policy.rateLimitMaxMs);
      case "transient": {
        const doubled = this.#doubled(policy.transientBaseMs, failures, policy.transientMaxMs);
        return hinted(rest) ? Math.max(doubled, Math.min(rest.hintMs, policy.transientMaxMs)) : doubled;
      }
      case "long":
        if (hinted(rest)) return this.#jittered(Math.min(rest.hintMs, policy.hintMaxMs));
        return this.#doubled(policy.probeIntervalMs, failures, policy.longMs);
      case "down":
        return Infinity;
    }
  }

  #doubled(base: number, failures: number, max: number): number {
    return Math.min(this.#jittered(base * 2 ** (failures - 1)), max);
  }

  #jittered(ms: number): number {
    return Math.round(ms * (1 + JITTER * this.#random()));
  }

  /** A row whose window is about to open. */
  #open(model: string | undefined, now: number): Row {
    if (this.#rows.size >= MAX_ROWS) this.#forgetOne();
    const row: Row = {
      model,
      why: "internal",
      class: "transient",
      failures: 0,
      since: now,
      until: -Infinity,
      nextProbe: now,
      mark: 0,
      probing: false,
    };
    this.#rows.set(model, row);
    return row;
  }

  #forgetOne(): void {
    for (const model of this.#rows.keys()) {
      // The account's rest holds every model: it is not the one to forget.
      if (model === undefined) continue;
      this.#delete(model);
      return;
    }
  }

  #delete(model: string | undefined): void {
    if (this.#rows.delete(model)) this.#onChange?.(model, undefined);
  }
}

function told({ why, class: restClass, failures, since, until, nextProbe }: Row, now: number): KeptRest {
  return {
    why,
    class: restClass,
    failures,
    sinceMs: now - since,
    ...(until !== Infinity && { untilMs: Math.max(until - now, 0) }),
    nextProbeMs: Math.max(nextProbe - now, 0),
  };
}

/** A hint of no time at all is none: an upstream that says it is not to be asked in a loop. */
function hinted(rest: Rest): rest is Rest & { readonly hintMs: number } {
  return rest.hintMs !== undefined && rest.hintMs > 0;
}

function standingOf(row: Row | undefined, now: number): Standing {
  if (row === undefined) return "ready";
  if (now < row.nextProbe) return "resting";
  return row.probing ? "probing" : "probe";
}
