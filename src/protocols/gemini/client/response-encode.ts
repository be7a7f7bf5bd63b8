/** The body of an answer or of a frame of one (dossier A.4.4; rules 264, 265), and whole answers. */
import type { ChatResponse, Finish, Usage } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { AnswerContext } from "../../protocol.ts";
import { AnswerEncoder, type PartSink } from "./answer-encode.ts";
import { encodeFinish } from "../finish.ts";
import { encodeUsage } from "../usage.ts";

/** What every body of an answer says of itself. */
export function identity(id: string | undefined, { model, requestId }: AnswerContext): JsonObject {
  return { modelVersion: model, responseId: id ?? requestId };
}

/** The body that ends an answer. @param parts what it still has to say. */
export function finalBody(
  parts: readonly JsonObject[],
  finish: Finish,
  usage: Usage | undefined,
  answer: AnswerEncoder,
  id: string | undefined,
  context: AnswerContext,
): JsonObject {
  const usageMetadata = encodeUsage(usage);
  return {
    candidates: [
      {
        content: { role: "model", parts },
        ...encodeFinish(finish, answer, context),
        index: 0,
        ...answer.grounding.fields(),
        ...logprobsOf(finish),
      },
    ],
    ...(usageMetadata && { usageMetadata }),
    ...identity(id, context),
  };
}

function logprobsOf({ logprobs }: Finish): JsonObject {
  if (!logprobs) return {};
  const chosen = logprobs.map(({ token, logprob }) => ({ token, logProbability: logprob }));
  const average = logprobs.length === 0 ? undefined : logprobs.reduce((sum, { logprob }) => sum + logprob, 0) / logprobs.length;
  const alternatives = logprobs.map(({ alternatives: others }) => ({
    candidates: others.map(({ token, logprob }) => ({ token, logProbability: logprob })),
  }));
  return {
    ...(average !== undefined && { avgLogprobs: average }),
    logprobsResult: {
      chosenCandidates: chosen,
      ...(logprobs.some(({ alternatives: others }) => others.length > 0) && { topCandidates: alternatives }),
    },
  };
}

/** A whole answer: the fold of what a stream would have brought. */
export function encodeResponse(response: ChatResponse, context: AnswerContext): JsonObject {
  const list = new PartList();
  const answer = new AnswerEncoder(list, context);
  for (const event of replay(response)) {
    if (event.type === "item-start" || event.type === "delta" || event.type === "citation" || event.type === "item-end") answer.push(event);
  }
  answer.end();
  return finalBody(list.parts, response.finish, response.usage, answer, response.id, context);
}

/** Collects parts; texts that follow each other are one. */
class PartList implements PartSink {
  readonly parts: JsonObject[] = [];
  /** Whether the last part is a text that more may be added to, and of which kind. */
  #open: "text" | "thought" | undefined;

  text(text: string, thought: boolean): void {
    const kind = thought ? "thought" : "text";
    const last = this.parts.at(-1);
    if (last && this.#open === kind) this.parts[this.parts.length - 1] = { ...last, text: (last["text"] as string) + text };
    else this.parts.push(thought ? { text, thought: true } : { text });
    this.#open = kind;
  }

  part(part: JsonObject): void {
    this.parts.push(part);
    this.#open = undefined;
  }
}
