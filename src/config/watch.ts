/**
 * Notices that the files of a configuration have changed, by looking at what they hold. The system's notices of changes
 * tell nothing about directories that are mounted into a container or from a network, and less than the whole when links
 * are swapped, as Kubernetes does with `..data`; a look at a few small files costs next to nothing and misses nothing.
 */
import { contentOf, UNREADABLE, type Content } from "./files.ts";

export interface WatchOptions {
  /** Between two looks, in ms. */
  readonly intervalMs?: number;
  /** How long what has changed must then stay as it is, in ms: whoever writes in pieces is not yet done before. */
  readonly settleMs?: number;
  /** The files hold something else than what {@link ConfigWatch.follow} was told last. */
  readonly onChange: () => void;
}

const INTERVAL_MS = 1_000;
const SETTLE_MS = 100;

type Contents = ReadonlyMap<string, Content>;

/** Looks until it is closed; keeps no process alive. */
export class ConfigWatch {
  readonly #intervalMs: number;
  readonly #settleMs: number;
  readonly #onChange: () => void;
  #known: Contents = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor({ intervalMs = INTERVAL_MS, settleMs = SETTLE_MS, onChange }: WatchOptions) {
    this.#intervalMs = intervalMs;
    this.#settleMs = settleMs;
    this.#onChange = onChange;
  }

  /** Looks at these files from now on, and at no others. @param contents by path, what each held when it was read. */
  follow(contents: Contents): void {
    this.#known = new Map(contents);
    this.#lookLater(this.#intervalMs);
  }

  close(): void {
    this.#known = new Map();
    clearTimeout(this.#timer);
  }

  /** @param seen what the last look saw, when that was a change. */
  #lookLater(ms: number, seen?: Contents): void {
    clearTimeout(this.#timer);
    if (this.#known.size > 0) this.#timer = setTimeout(() => void this.#look(seen), ms).unref();
  }

  async #look(seen: Contents | undefined): Promise<void> {
    const known = this.#known;
    const found = new Map<string, Content>();
    for (const path of known.keys()) found.set(path, await contentOf(path));
    // Told to follow others meanwhile, or closed.
    if (this.#known !== known) return;
    if (same(found, known)) return this.#lookLater(this.#intervalMs);
    if (seen === undefined || !same(found, seen)) {
      // What is gone is often about to be back.
      const gone = [...found].some(([path, content]) => content === UNREADABLE && known.get(path) !== UNREADABLE);
      return this.#lookLater(gone ? this.#intervalMs : this.#settleMs, found);
    }
    this.follow(found);
    this.#onChange();
  }
}

/** Whether the same files hold the same. */
function same(some: Contents, others: Contents): boolean {
  return [...some].every(([path, content]) => others.get(path) === content);
}
