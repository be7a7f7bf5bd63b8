/** The items of an answer in OpenAI's words, and the events that build each of them (dossier A.3.3). */
import type { BoundAnswer, BoundConversation } from "./binding-conversation.ts";
import type { OfferedTool, Plan, PlannedBlock, PlannedRefusal, PlannedText, PlannedThinking } from "./conversation.ts";
import type { Fields } from "./json-values.ts";
import { tokenLogprobs } from "./openai-logprobs.ts";
import type { ModelFacts } from "./openai-models.ts";
import { addItem, ANSWERER, shownIn } from "./responses-binding.ts";
import { callItem, imageItem, searchItem } from "./responses-calls.ts";
import { deltas, holds, itemId, opens, type ItemEvent, type OutputItem } from "./responses-events.ts";
import { piecesOf } from "./tokens.ts";

/** What the items depend on besides the plan. */
export interface OutputContext {
  readonly seed: string;
  readonly facts: ModelFacts;
  /** What the answer's reasoning is bound to. */
  readonly conversation: BoundConversation;
  readonly thinking: "off" | "hidden" | "shown";
  readonly tools: readonly OfferedTool[];
  /** What the request wants besides (`include`). */
  readonly includes: ReadonlySet<unknown>;
  /** Alternatives per token, where log probabilities are wanted. */
  readonly alternatives: number;
}

/** Reasoning, shown or not. */
type Thought = PlannedThinking | Extract<PlannedBlock, { type: "redacted" }>;

/** A content part, as it is when nothing of it is there yet, and the events that fill it. */
interface Part {
  readonly part: Fields;
  readonly empty: Fields;
  readonly events: readonly ItemEvent[];
}

/** How much of a seal is there when its item is added. */
const PROVISIONAL_LENGTH = 60;

/** The items of a plan. Where an answer breaks off, the last of them is incomplete. */
export function outputOf(plan: Plan, context: OutputContext): readonly OutputItem[] {
  const answer = context.conversation.answer();
  const groups = groupsOf(plan.blocks);
  const breaksOff = plan.end === "length" || plan.end === "context-full" || plan.end === "filter";
  const items = groups.map((group, index) => {
    const status = breaksOff && index === groups.length - 1 ? "incomplete" : "completed";
    const phase = groups.slice(index + 1).some(([block]) => block?.type === "call") ? "commentary" : "final_answer";
    const item = itemOf(group, { index, status, phase, context, answer });
    addItem(answer, item.item);
    return item;
  });
  answer.end();
  return items;
}

/** What stands for the conversation, sealed: all of an answer to whoever asks for it. */
export function compactionOutput({ conversation, seed }: OutputContext): readonly OutputItem[] {
  const answer = conversation.answer();
  const sealed = answer.mint(ANSWERER, { kind: "compaction", signed: shownIn({}) }, seed);
  answer.end();
  const item = { id: itemId("cmp_", seed), type: "compaction", encrypted_content: sealed };
  return [{ item, opening: item, events: [] }];
}

/** Where an item stands in the answer. */
interface Place {
  readonly index: number;
  readonly status: string;
  readonly phase: string;
  readonly context: OutputContext;
  readonly answer: BoundAnswer;
}

/** Texts and refusals that stand together are the parts of one message. */
function groupsOf(blocks: readonly PlannedBlock[]): readonly (readonly PlannedBlock[])[] {
  const groups: PlannedBlock[][] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (last !== undefined && isSaid(block) && last.every(isSaid)) last.push(block);
    else groups.push([block]);
  }
  return groups;
}

function isSaid(block: PlannedBlock): block is PlannedText | PlannedRefusal {
  return block.type === "text" || block.type === "refusal";
}

function itemOf(group: readonly PlannedBlock[], place: Place): OutputItem {
  const { status, context } = place;
  const [block] = group as readonly [PlannedBlock, ...PlannedBlock[]];
  const idOf = (prefix: string): string => idAt(prefix, place);
  switch (block.type) {
    case "text":
    case "refusal":
      return messageItem(group.filter(isSaid), place);
    case "thinking":
    case "redacted":
      return context.facts.rawReasoning ? rawReasoning(block, idOf("rs_")) : reasoningItem(block, place);
    case "call":
      return callItem(block, { idOf, status }, context.tools);
    case "search":
      return searchItem(block, idOf("ws_"), context.includes.has("web_search_call.action.sources"));
    case "image":
      return imageItem(block, idOf("ig_"));
  }
}

function idAt(prefix: string, { index, context }: Place): string {
  return itemId(prefix, `${index} ${context.seed}`);
}

function messageItem(blocks: readonly (PlannedText | PlannedRefusal)[], place: Place): OutputItem {
  const { status, phase, context } = place;
  const frame = (content: readonly Fields[], state: string): Fields => ({
    id: idAt("msg_", place),
    type: "message",
    status: state,
    content,
    ...(context.facts.tellsPhases ? { phase } : {}),
    role: "assistant",
  });
  const parts = blocks.map((block) => (block.type === "text" ? textPart(block, context) : refusalPart(block)));
  return {
    item: frame(
      parts.map(({ part }) => part),
      status,
    ),
    opening: frame([], "in_progress"),
    events: parts.flatMap(({ part, empty, events }, index) => [
      opens("content_part.added", { content_index: index, part: empty }),
      ...events.map((event): ItemEvent => ({ ...event, fields: { content_index: index, ...event.fields } })),
      holds("content_part.done", { content_index: index, part }),
    ]),
  };
}

function textPart(block: PlannedText, { includes, alternatives }: OutputContext): Part {
  const wanted = includes.has("message.output_text.logprobs");
  const logprobsOf = (text: string): readonly Fields[] => (wanted ? tokenLogprobs(text, alternatives) : []);
  const annotations = annotationsOf(block);
  const part = { type: "output_text", annotations, logprobs: logprobsOf(block.text), text: block.text };
  return {
    part,
    empty: { type: "output_text", annotations: [], logprobs: [], text: "" },
    events: [
      ...block.pieces.map((delta) => holds("output_text.delta", { delta, logprobs: logprobsOf(delta) })),
      ...annotations.map((annotation, index) => holds("output_text.annotation.added", { annotation, annotation_index: index })),
      holds("output_text.done", { logprobs: part.logprobs, text: block.text }),
    ],
  };
}

function refusalPart({ text, pieces }: PlannedRefusal): Part {
  return {
    part: { type: "refusal", refusal: text },
    empty: { type: "refusal", refusal: "" },
    events: [...deltas("refusal", pieces), holds("refusal.done", { refusal: text })],
  };
}

function annotationsOf({ text, citations }: PlannedText): readonly Fields[] {
  return citations.map(({ url, title, text: quoted = text }) => {
    const from = Math.max(0, text.indexOf(quoted));
    return { type: "url_citation", end_index: from + quoted.length, start_index: from, title, url };
  });
}

/** Reasoning that OpenAI keeps to itself: a summary, in parts, for whoever asks for one, and the seal for whoever wants it. */
function reasoningItem(block: Thought, place: Place): OutputItem {
  const shown = block.type === "redacted" || place.context.thinking === "hidden" ? "" : block.text;
  const texts = shown === "" ? [] : shown.split("\n\n");
  const summary = texts.map((text) => ({ type: "summary_text", text }));
  const seal = sealOf(block, summary, place);
  const frame = (parts: readonly Fields[], sealed: string | undefined): Fields => ({
    id: idAt("rs_", place),
    type: "reasoning",
    content: [],
    ...(sealed === undefined ? {} : { encrypted_content: sealed }),
    summary: parts,
  });
  const pieces = block.type === "thinking" && texts.length === 1 ? block.pieces : undefined;
  return {
    item: frame(summary, seal),
    // The seal is only complete when the item is (recordings show it grow).
    opening: frame([], seal?.slice(0, PROVISIONAL_LENGTH)),
    events: texts.flatMap((text, index) => summaryEvents(text, index, pieces ?? piecesOf(text))),
  };
}

function sealOf(block: Thought, summary: readonly Fields[], { index, context, answer }: Place): string | undefined {
  const scripted = block.type === "redacted" ? block.data : block.signature;
  if (scripted === false || !context.includes.has("reasoning.encrypted_content")) return undefined;
  if (scripted === undefined) return answer.mint(ANSWERER, { kind: "thinking", signed: shownIn({ summary }) }, `${index} ${context.seed}`);
  answer.scripted(ANSWERER, scripted);
  return scripted;
}

function summaryEvents(text: string, index: number, pieces: readonly string[]): readonly ItemEvent[] {
  const place = { summary_index: index };
  const part = { type: "summary_text", text };
  return [
    opens("reasoning_summary_part.added", { part: { ...part, text: "" }, ...place }),
    ...deltas("reasoning_summary_text", pieces, place),
    holds("reasoning_summary_text.done", { ...place, text }),
    holds("reasoning_summary_part.done", { part, ...place }),
  ];
}

/** Reasoning as it is, of models that keep nothing to themselves. */
function rawReasoning(block: Thought, id: string): OutputItem {
  const text = block.type === "thinking" ? block.text : "";
  const pieces = block.type === "thinking" ? block.pieces : undefined;
  const place = { content_index: 0 };
  const part = { type: "reasoning_text", text };
  return {
    item: { id, type: "reasoning", content: [part], summary: [] },
    opening: { id, type: "reasoning", content: [], summary: [] },
    events: [
      opens("content_part.added", { ...place, part: { ...part, text: "" } }),
      ...deltas("reasoning_text", pieces ?? piecesOf(text), place),
      holds("reasoning_text.done", { ...place, text }),
      holds("content_part.done", { ...place, part }),
    ],
  };
}
