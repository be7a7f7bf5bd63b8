/** What stands before a place in a conversation, as a digest that grows with it. */
import { createHash, type Hash } from "node:crypto";

/**
 * Told of every piece of content, and of what stood before it; of a text twice: when it begins, and with all of it when it has
 * ended, which the last one may never do.
 */
export type PieceWatch = (before: () => Buffer, piece: string | undefined) => void;

/**
 * A conversation as far as it has been read, in canonical form: neighbouring texts of one role are one text, whichever
 * messages or blocks they came in, and the members of objects stand in the order in which they came (rules 2, 406).
 */
export class Prefix {
  readonly #hash: Hash;
  readonly #watch: PieceWatch | undefined;
  /** Texts of one role that the next may go on with. */
  #run: { readonly role: string; readonly text: string } | undefined;

  constructor(watch?: PieceWatch, hash = createHash("sha256")) {
    this.#watch = watch;
    this.#hash = hash;
  }

  /** The same conversation, to go on with elsewhere. */
  fork(watch?: PieceWatch): Prefix {
    const fork = new Prefix(watch, this.#hash.copy());
    fork.#run = this.#run;
    return fork;
  }

  /** Adds text; an empty one is nothing. */
  text(role: string, text: string): void {
    if (text === "") return;
    if (this.#run?.role !== role) {
      this.end();
      this.#watch?.(() => this.digest(), undefined);
    }
    this.#run = { role, text: (this.#run?.text ?? "") + text };
  }

  /** Adds anything else that is content. */
  piece(role: string, piece: unknown): void {
    this.end();
    this.#add(lineOf(role, piece));
  }

  /** Adds state, which what follows it is bound to as well. */
  state(role: string, state: string): void {
    this.end();
    this.#hash.update(lineOf(role, { state }));
  }

  /** A digest of everything so far. */
  digest(): Buffer {
    const hash = this.#hash.copy();
    if (this.#run) hash.update(lineOf(this.#run.role, this.#run.text));
    return hash.digest();
  }

  /** Nothing is added to the last text any more. */
  end(): void {
    if (!this.#run) return;
    const { role, text } = this.#run;
    this.#run = undefined;
    this.#add(lineOf(role, text));
  }

  #add(line: string): void {
    this.#watch?.(() => this.digest(), line);
    this.#hash.update(line);
  }
}

/** No line holds a line break of its own, so no two conversations read alike. */
function lineOf(role: string, piece: unknown): string {
  return `${JSON.stringify([role, piece])}\n`;
}
