/** From the simulator's decision and the script to the blocks of an answer, cut where the request's limits cut it. */
import type { Ask, Plan, PlannedBlock } from "./conversation.ts";
import { firstTokens, IMAGE_TOKENS, sizedPieces, tokensOf } from "./tokens.ts";
import type { ScriptedBlock, ScriptedCall, Usage } from "./types.ts";

/** How the text of a block is streamed where its script does not say. */
export type Cutter = (text: string) => readonly string[];

/** What the simulator itself would answer. */
export interface Decision {
  readonly thinking: string;
  readonly text: string;
  readonly calls: readonly ScriptedCall[];
}

/** The blocks of the decision: thinking, text, calls. Empty ones are left out. */
export function blocksOf(decision: Decision): readonly ScriptedBlock[] {
  return [
    ...(decision.thinking === "" ? [] : [{ type: "thinking" as const, text: decision.thinking }]),
    ...(decision.text === "" ? [] : [{ type: "text" as const, text: decision.text }]),
    ...decision.calls.map((call) => ({ type: "call" as const, ...call })),
  ];
}

/** The blocks as far as stop sequences and the token limit let them go; a call that does not fit is left out. */
export function fit(
  blocks: readonly ScriptedBlock[],
  limits: Pick<Ask, "maxTokens" | "stop">,
  cut: Cutter,
): Pick<Plan, "blocks" | "end" | "stopSequence"> {
  const fitted: PlannedBlock[] = [];
  let room = limits.maxTokens;
  for (const block of blocks) {
    const stop = block.type === "text" ? firstStop(block.text, limits.stop) : undefined;
    const whole = stop === undefined ? block : { ...block, text: (block as { text: string }).text.slice(0, stop.index) };
    const allowed = withinRoom(whole, room);
    if (allowed !== undefined) fitted.push(planned(allowed, cut));
    if (allowed !== whole) return { blocks: fitted, end: "length", stopSequence: undefined };
    if (stop !== undefined) return { blocks: fitted.filter(isSomething), end: "stop-sequence", stopSequence: stop.sequence };
    room -= blockTokens(whole);
  }
  const end = blocks.some(({ type }) => type === "call") ? "calls" : blocks.some(({ type }) => type === "refusal") ? "refusal" : "end";
  return { blocks: fitted, end, stopSequence: undefined };
}

/** What writing the blocks costs. */
export function outputOf(blocks: readonly PlannedBlock[]): Pick<Usage, "output" | "thinking"> {
  const sum = (some: readonly PlannedBlock[]): number => some.reduce((total, block) => total + blockTokens(block), 0);
  return { output: sum(blocks), thinking: sum(blocks.filter(({ type }) => type === "thinking" || type === "redacted")) };
}

const REDACTED_TOKENS = 16;

function blockTokens(block: ScriptedBlock | PlannedBlock): number {
  switch (block.type) {
    case "text":
    case "thinking":
    case "refusal":
      return tokensOf(block.text);
    case "call":
      return tokensOf(block.name) + tokensOf(argumentsOf(block));
    case "redacted":
      return REDACTED_TOKENS;
    case "image":
      return IMAGE_TOKENS;
    case "search":
      return tokensOf(block.query);
  }
}

/** The block itself when it fits, its start when it is text, otherwise nothing. */
function withinRoom(block: ScriptedBlock, room: number): ScriptedBlock | undefined {
  if (blockTokens(block) <= room) return block;
  if (block.type !== "text" && block.type !== "thinking" && block.type !== "refusal") return undefined;
  const text = firstTokens(block.text, room);
  return text === "" ? undefined : { ...block, text };
}

function isSomething(block: PlannedBlock): boolean {
  return block.type !== "text" || block.text !== "";
}

function planned(block: ScriptedBlock, cut: Cutter): PlannedBlock {
  switch (block.type) {
    case "text": {
      const { text, sizes, signed, citations = [] } = block;
      return { type: "text", text, pieces: sized(text, sizes) ?? cut(text), signed, citations };
    }
    case "refusal":
      return { type: "refusal", text: block.text, pieces: sized(block.text, block.sizes) ?? cut(block.text) };
    case "thinking":
      return { type: "thinking", text: block.text, pieces: sized(block.text, block.sizes), signature: block.signature };
    case "call": {
      const text = argumentsOf(block);
      const { name, namespace, id, signed } = block;
      return {
        type: "call",
        name,
        namespace,
        id,
        input: block.input ?? parsed(text),
        arguments: text,
        pieces: sized(text, block.sizes),
        custom: block.custom ?? false,
        signed,
      };
    }
    case "redacted":
      return { type: "redacted", data: block.data };
    case "image":
    case "search":
      return block;
  }
}

function sized(text: string, sizes: readonly number[] | undefined): readonly string[] | undefined {
  return sizes === undefined ? undefined : sizedPieces(text, sizes);
}

function argumentsOf(call: { readonly arguments?: string; readonly input?: unknown }): string {
  return call.arguments ?? JSON.stringify(call.input ?? {});
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}

function firstStop(text: string, sequences: readonly string[]): { readonly index: number; readonly sequence: string } | undefined {
  const found = sequences.map((sequence) => ({ sequence, index: text.indexOf(sequence) })).filter((hit) => hit.index >= 0);
  return found.reduce<(typeof found)[number] | undefined>(
    (first, hit) => (first === undefined || hit.index < first.index ? hit : first),
    undefined,
  );
}
