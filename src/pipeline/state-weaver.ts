/** Puts the state of an answer back to where it stood in it, in a history whose client did not send it. */
import type { Item } from "../chat/chat.ts";
import type { StatePiece } from "./state-keeper.ts";

/**
 * The items of an answer with the pieces at their places. Words and calls stay as the client sent them; a text is cut where
 * something stood inside it, and a call that stood before something moves up to it. Reasoning that nobody proved gives way
 * to what is put back.
 * @param items of one turn, at least one.
 */
export function weaveState(items: readonly Item[], pieces: readonly StatePiece[]): Item[] {
  return new Weaver(items, pieces).woven();
}

class Weaver {
  readonly #left: Item[];
  readonly #pieces: StatePiece[];
  readonly #out: Item[] = [];
  readonly #place: Pick<Item, "turn" | "path">;
  #chars = 0;
  #calls = 0;

  constructor(items: readonly Item[], pieces: readonly StatePiece[]) {
    const [first] = items as readonly [Item, ...Item[]];
    const replaced = pieces.some(({ type }) => type === "reasoning");
    this.#place = { turn: first.turn, path: first.path };
    this.#left = items.filter((item) => item.type !== "reasoning" || item.state !== undefined || !replaced);
    this.#pieces = [...pieces];
  }

  woven(): Item[] {
    for (let item = this.#left.shift(); item; item = this.#left.shift()) {
      this.#putDue();
      if (item.type === "text") this.#cut(item);
      else this.#put(item);
    }
    for (let piece = this.#pieces.shift(); piece; piece = this.#pieces.shift()) this.#putPiece(piece);
    return this.#out;
  }

  /** The pieces whose place this is. */
  #putDue(): void {
    for (let [piece] = this.#pieces; piece && this.#isDue(piece); [piece] = this.#pieces) {
      this.#pieces.shift();
      this.#putPiece(piece);
    }
  }

  /** Proof of a text stands on its words, which come next. */
  #isDue(piece: StatePiece): boolean {
    const proves = piece.type === "text" && piece.length > 0;
    return !proves && piece.at.chars <= this.#chars && piece.at.calls <= this.#calls;
  }

  #putPiece(piece: StatePiece): void {
    if (piece.type === "reasoning") this.#out.push({ ...piece.content, ...this.#place });
    else if (piece.length === 0) this.#out.push({ type: "text", text: "", state: piece.state, ...this.#place });
  }

  #put(item: Item): void {
    if (item.type === "tool-call") this.#calls += 1;
    this.#out.push(item);
  }

  /** A text, in as many pieces as there is state in it. */
  #cut(item: Extract<Item, { type: "text" }>): void {
    let { text } = item;
    while (text !== "") {
      const [piece] = this.#pieces;
      const ahead = piece === undefined ? text.length : Math.max(0, piece.at.chars - this.#chars);
      if (piece === undefined || ahead >= text.length) return this.#say({ ...item, text });
      if (ahead > 0) this.#say({ ...item, text: text.slice(0, ahead) });
      this.#pieces.shift();
      this.#callUpTo(piece.at.calls);
      const proved = piece.type === "text" ? text.slice(ahead, ahead + piece.length) : "";
      if (piece.type === "text" && proved !== "") this.#say({ ...item, text: proved, state: item.state ?? piece.state });
      else this.#putPiece(piece);
      text = text.slice(ahead + proved.length);
    }
  }

  #say(item: Extract<Item, { type: "text" }>): void {
    this.#chars += item.text.length;
    this.#out.push(item);
  }

  /** Clients put all calls behind all words. */
  #callUpTo(calls: number): void {
    while (this.#calls < calls) {
      const at = this.#left.findIndex(({ type }) => type === "tool-call");
      if (at < 0) return;
      this.#put(this.#left.splice(at, 1)[0] as Item);
    }
  }
}
