/** Answers that end otherwise: refusals and filters. */
import { contains, holds, same } from "../check.ts";
import { textOf } from "../conversation.ts";
import { isOpenAi, oneTurn, type ConversationScenario } from "../scenario.ts";

const NO = "I cannot help with that.";

export const ENDINGS: readonly ConversationScenario[] = [
  {
    id: "refusal",
    feature: "endings",
    title: "the model's refusal is told as one, with its words",
    turns: ({ upstream }) => [
      {
        says: "Do something bad.",
        // Each vendor's own way: OpenAI has a place for the words, Messages and Gemini end with a reason.
        answer: isOpenAi(upstream) ? { blocks: [{ type: "refusal", text: NO }] } : { text: NO, calls: [], end: "refusal" },
      },
    ],
    check({ told, client, upstream }) {
      const outcome = told(0);
      contains("answer", textOf(outcome) + (outcome.refusal ?? ""), NO);
      const plain = outcome.finish === "stop";
      // At OpenAI a refusal ends like any answer: its own place tells it.
      if (isOpenAi(client)) holds("finish", plain || outcome.finish === "filter", `is ${outcome.finish}`);
      else holds("finish", outcome.finish === "refusal" || outcome.finish === "filter", `is ${outcome.finish}, with ${upstream} upstream`);
    },
  },
  {
    id: "content-filter",
    feature: "endings",
    title: "an answer that a filter cut off is not a finished one, and what there was is kept",
    turns: oneTurn("Tell a story.", { text: "Once upon", calls: [], end: "filter" }),
    check({ told }) {
      const { finish } = told(0);
      holds("finish", finish === "filter" || finish === "refusal", `is ${finish}`);
      same("answer", textOf(told(0)), "Once upon");
    },
  },
];
