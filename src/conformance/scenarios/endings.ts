/** Answers that end otherwise: refusals and filters. */
import { contains, holds, same } from "../check.ts";
import { textOf } from "../conversation.ts";
import { oneTurn, type ConversationScenario } from "../scenario.ts";

const NO = "I cannot help with that.";

export const ENDINGS: readonly ConversationScenario[] = [
  {
    id: "refusal",
    feature: "endings",
    title: "the model's refusal is told as one, with its words",
    turns: ({ upstream }) => [
      {
        says: "Do something bad.",
        // Each vendor's own way: Chat has a field for the words, Messages and Gemini end with a reason.
        answer: upstream === "chat" ? { blocks: [{ type: "refusal", text: NO }] } : { text: NO, calls: [], end: "refusal" },
      },
    ],
    check({ told, client, upstream }) {
      const outcome = told(0);
      contains("answer", textOf(outcome) + (outcome.refusal ?? ""), NO);
      const plain = outcome.finish === "stop";
      // In Chat a refusal ends with `stop`: its own field tells it.
      if (client === "chat") holds("finish", plain || outcome.finish === "filter", `is ${outcome.finish}`);
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
