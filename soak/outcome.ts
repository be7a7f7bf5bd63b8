/** What an answer is worth: whether it is what the request and its fault allow. */
import type { Answer } from "./answers.ts";
import { expectedText } from "./requests.ts";
import type { Choice } from "./choice.ts";
import { behaviours } from "./faults.ts";

/**
 * What became of a request. `complete`: the whole answer. `broken`: an error ended it after some text. `refused`: an error came instead.
 * `left`: the client went away. `lost`: anything else, which is what a soak looks for.
 */
export type Outcome = "complete" | "broken" | "refused" | "left" | "lost";

/** What came back, unless the client left: an HTTP error, or an answer that was read to its end. */
export type Received = { readonly status: number } | Answer;

/**
 * Judges what came back.
 * @throws Error with what is wrong, when the answer is none that may be given
 */
export function judge(choice: Choice, received: Received): Exclude<Outcome, "left" | "lost"> {
  const { effect } = behaviours[choice.behaviour];
  if ("status" in received) {
    if (choice.behaviour === "400" && received.status !== 400) throw new Error(`HTTP ${received.status} where the upstream said 400`);
    return "refused";
  }
  const expected = expectedText(choice);
  if (received.state === "complete") {
    if (received.text !== expected) throw new Error(`the text is not what the upstream said: ${difference(received.text, expected)}`);
    if (effect === "refused") throw new Error("an answer where the upstream refused");
    return "complete";
  }
  if (received.text === "") return "refused";
  if (effect !== "after") throw new Error(`the answer broke after ${received.text.length} characters, though nothing happened to it`);
  if (!expected.startsWith(received.text)) throw new Error(`the text before the break is wrong: ${difference(received.text, expected)}`);
  return "broken";
}

function difference(got: string, expected: string): string {
  let at = 0;
  while (at < got.length && got[at] === expected[at]) at += 1;
  const excerpt = (text: string) => `«${text.slice(Math.max(0, at - 20), at + 20)}»`;
  return `${excerpt(got)} instead of ${excerpt(expected)} at ${at}, ${got.length} of ${expected.length} characters`;
}
