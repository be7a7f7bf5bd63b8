/** Words in and words out. */
import { has, holds, same } from "../check.ts";
import { textOf } from "../conversation.ts";
import { piecesIn, textsIn } from "../look.ts";
import { oneTurn, type ConversationScenario } from "../scenario.ts";

const WORLD = 'Grüße, 世界! 👩‍👩‍👧‍👦 שלום \t tab, \u2028 separator, \\n backslash, "quotes", </script>, 𝒜𝓁𝓁, é, naïve — ½ ∑.';

export const TEXT: readonly ConversationScenario[] = [
  {
    id: "plain-text",
    feature: "text",
    title: "a question and its answer",
    turns: oneTurn("What is the capital of France?", { text: "Paris is the capital of France." }),
    check({ asked, told, model }) {
      same("upstream words", textsIn(asked(0), "user"), ["What is the capital of France?"]);
      same("answer", told(0).content, [{ type: "text", text: "Paris is the capital of France." }]);
      has("answer", told(0), { finish: "stop", model });
    },
  },
  {
    id: "unicode",
    feature: "text",
    title: "emoji, CJK, right-to-left, control and escape characters, both ways",
    turns: oneTurn(WORLD, { blocks: [{ type: "text", text: WORLD, sizes: [1, 2, 3] }] }),
    check({ asked, told }) {
      same("upstream words", textsIn(asked(0), "user"), [WORLD]);
      same("answer", textOf(told(0)), WORLD);
    },
  },
  {
    id: "several-turns",
    feature: "text",
    title: "the history stays whole and in order over three turns",
    turns: () => [
      { says: "My name is Ada.", answer: { text: "Hello Ada." } },
      { says: "I live in London.", answer: { text: "Noted: London." } },
      { says: "Who am I?", answer: { text: "Ada from London." } },
    ],
    check({ asked, told }) {
      const said = piecesIn(asked(2)).map((piece) => `${piece.role}: ${piece.type === "text" ? piece.text : piece.type}`);
      same(
        "upstream history",
        // Gemini signs the end of its text in a part without words.
        said.filter((line) => line !== "assistant: "),
        ["user: My name is Ada.", "assistant: Hello Ada.", "user: I live in London.", "assistant: Noted: London.", "user: Who am I?"],
      );
      same("last answer", textOf(told(2)), "Ada from London.");
    },
  },
  {
    id: "system-prompt",
    feature: "text",
    title: "instructions arrive as instructions",
    settings: { system: ["You are a pirate. Answer briefly."] },
    turns: oneTurn("Hello", { text: "Arr." }),
    check({ asked, told }) {
      same("upstream instructions", asked(0).system, ["You are a pirate. Answer briefly."]);
      same("upstream words", textsIn(asked(0), "user"), ["Hello"]);
      same("answer", textOf(told(0)), "Arr.");
    },
  },
  {
    id: "several-systems",
    feature: "text",
    title: "several instructions arrive in order, none of them lost",
    settings: { system: ["Rule one: be brief.", "Rule two: be kind.", "Rule three: be honest."] },
    turns: oneTurn("Hello", { text: "Hi." }),
    check({ asked }) {
      const all = asked(0).system.join("\n");
      const places = ["Rule one: be brief.", "Rule two: be kind.", "Rule three: be honest."].map((rule) => all.indexOf(rule));
      same(
        "order of the upstream instructions",
        places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1)),
        true,
      );
    },
  },
  {
    id: "empty-text-parts",
    feature: "text",
    title: "empty text parts do not break a request",
    excuse: ({ client, upstream }) =>
      client === "anthropic" && upstream === "anthropic" ? "the vendor refuses empty text, and relaying must not repair it" : undefined,
    turns: oneTurn(
      [
        { type: "text", text: "" },
        { type: "text", text: "Is anybody there?" },
      ],
      { text: "Yes." },
    ),
    check({ asked, told }) {
      same(
        "upstream words",
        textsIn(asked(0), "user").filter((text) => text !== ""),
        ["Is anybody there?"],
      );
      same("answer", textOf(told(0)), "Yes.");
    },
  },
  {
    id: "empty-answer",
    feature: "text",
    title: "an answer without content ends well, without an empty text to be sent back",
    turns: () => [
      { says: "Say nothing.", answer: { blocks: [] } },
      { says: "And now?", answer: { text: "Now I speak." } },
    ],
    check({ asked, told }) {
      has("first answer", told(0), { content: [], finish: "stop" });
      same("upstream words", textsIn(asked(1), "user"), ["Say nothing.", "And now?"]);
      same("second answer", textOf(told(1)), "Now I speak.");
    },
  },
  {
    id: "texts-beside-each-other",
    feature: "text",
    title: "several texts of one message keep their order",
    turns: oneTurn(
      [
        { type: "text", text: "First this." },
        { type: "text", text: "Then that." },
      ],
      { text: "Both." },
    ),
    check({ asked }) {
      const words = textsIn(asked(0), "user").join("\n");
      holds("upstream words", /First this\.\s+Then that\./.test(words), `are ${JSON.stringify(words)}`);
    },
  },
];
