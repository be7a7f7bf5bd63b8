/** One fault. */
export interface Mutant {
  readonly name: string;
  /** Below `src/`. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
