/** Names of which no two may be alike, though what is to be named is called alike (dossier rules 51, 69). */

/** A pure function of what stands before (rule 4): the first keeps its name, the next ones get a number. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** How often each name was wanted: where the search for a free one goes on. */
  readonly #wanted = new Map<string, number>();

  /** The name of what comes next. */
  give(wanted: string): string {
    let n = this.#wanted.get(wanted) ?? 0;
    let given: string;
    do {
      n += 1;
      given = n === 1 ? wanted : `${wanted}_${n}`;
    } while (this.#taken.has(given));
    this.#taken.add(given);
    this.#wanted.set(wanted, n);
    return given;
  }
}
