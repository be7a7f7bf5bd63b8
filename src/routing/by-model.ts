/** What is known of models, by their names. Callers choose names, so there is a bound: the oldest is forgotten first. */

const MAX_MODELS = 1_000;

export class ByModel<T> extends Map<string, T> {
  /** What is known of this model, beginning with what `begin` makes. */
  of(model: string, begin: () => T): T {
    const known = this.get(model);
    if (known !== undefined) return known;
    if (this.size >= MAX_MODELS) {
      const [oldest] = this.keys();
      if (oldest !== undefined) this.delete(oldest);
    }
    const value = begin();
    this.set(model, value);
    return value;
  }
}
