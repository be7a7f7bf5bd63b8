/** Ids of calls where none may come twice in a conversation, as in other protocols they do (dossier rules 51, 52). */

/**
 * Gives each call an id of its own, and each result that of its call. A pure function of what stands before (rule 4): the
 * first call with an id keeps it.
 */
export class UniqueCalls {
  readonly #used = new Set<string>();
  /** How often each id was given: where the search for a free one goes on. */
  readonly #given = new Map<string, number>();
  /** The step's calls by the caller's id, and how many of them have their result. */
  #step = new Map<string, { readonly ids: string[]; answered: number }>();

  /** What comes now are calls of another answer. */
  beginStep(): void {
    this.#step = new Map();
  }

  /** The id of the next call. */
  call(id: string): string {
    let n = this.#given.get(id) ?? 0;
    let own: string;
    do {
      n += 1;
      own = n === 1 ? id : `${id}_${n}`;
    } while (this.#used.has(own));
    this.#used.add(own);
    this.#given.set(id, n);
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
