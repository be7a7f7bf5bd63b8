/** Ids of calls where none may come twice in a conversation, as in other protocols they do (dossier rules 51, 52). */
import { UniqueNames } from "./unique-names.ts";

/**
 * Gives each call an id of its own, and each result that of its call. A pure function of what stands before (rule 4): the
 * first call with an id keeps it.
 */
export class UniqueCalls {
  readonly #ids = new UniqueNames();
  /** The step's calls by the caller's id, and how many of them have their result. */
  #step = new Map<string, { readonly ids: string[]; answered: number }>();

  /** What comes now are calls of another answer. */
  beginStep(): void {
    this.#step = new Map();
  }

  /** The id of the next call. */
  call(id: string): string {
    const own = this.#ids.give(id);
    const calls = this.#step.get(id);
    if (calls) calls.ids.push(own);
    else this.#step.set(id, { ids: [own], answered: 0 });
    return own;
  }

  /** The id of the call that the next result with this id is for; the id itself when no call of the step waits. */
  result(id: string): string {
    const calls = this.#step.get(id);
    const own = calls?.ids[calls.answered];
    if (calls && own !== undefined) calls.answered += 1;
    return own ?? id;
  }
}
