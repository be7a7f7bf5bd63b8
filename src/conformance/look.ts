/** Ways to look at a request as the upstream saw it. */
import { createHash } from "node:crypto";
import type { Ask, CallPart, MediaPart, Part, ResultPart, ThinkingPart } from "../simulator/read-ask.ts";

/** A piece of the history and whose it is. */
type Said = Part & { readonly role: "user" | "assistant" | "system" };

/** Every piece of the history, in order; an answer that goes back in the pieces it was streamed in is one again. */
export function piecesIn(ask: Ask): readonly Said[] {
  const pieces: Said[] = [];
  for (const piece of ask.turns.flatMap(({ role, parts }) => parts.map((part) => ({ ...part, role })))) {
    const last = pieces.at(-1);
    const goesOn = piece.role === "assistant" && last?.role === "assistant";
    if (goesOn && piece.type === "text" && last.type === "text") pieces[pieces.length - 1] = { ...last, text: last.text + piece.text };
    else if (goesOn && piece.type === "thinking" && last.type === "thinking" && !last.signature && !last.redacted)
      pieces[pieces.length - 1] = { ...piece, text: last.text + piece.text };
    else pieces.push(piece);
  }
  return pieces;
}

/** The texts that this role said, in order. */
export function textsIn(ask: Ask, role: Said["role"]): readonly string[] {
  return piecesIn(ask).flatMap((piece) => (piece.type === "text" && piece.role === role ? [piece.text] : []));
}

export function callsIn(ask: Ask): readonly CallPart[] {
  return piecesIn(ask).filter((piece) => piece.type === "call");
}

export function resultsIn(ask: Ask): readonly ResultPart[] {
  return piecesIn(ask).filter((piece) => piece.type === "result");
}

export function thinkingIn(ask: Ask): readonly ThinkingPart[] {
  return piecesIn(ask).filter((piece) => piece.type === "thinking");
}

/** All media, those in tool results included. */
export function mediaIn(ask: Ask): readonly MediaPart[] {
  return piecesIn(ask).flatMap((piece) => (piece.type === "media" ? [piece] : piece.type === "result" ? piece.media : []));
}

/** The texts of the results, in the order of the calls they belong to. */
export function resultsByCall(ask: Ask): readonly (string | undefined)[] {
  const results = resultsIn(ask);
  const calls = callsIn(ask);
  // Gemini pairs by order where there are no ids.
  return calls.map(({ id }, index) => (id === undefined ? results[index] : results.find((result) => result.id === id))?.text);
}

/** What the simulator says of bytes in base64. */
export function hashOf(base64: string): string {
  return createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
}
