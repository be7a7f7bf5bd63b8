/** Decides the answer to a request. The same request always gets the same answer. */
import { callFor, commandRounds, speechOf } from "./commands.ts";
import type { Ask, Plan, PlannedCall, Turn } from "./conversation.ts";
import { sampleOf } from "./schema-sample.ts";
import { firstTokens, piecesOf, tokensOf, wordsOf } from "./tokens.ts";
import type { Behaviour, Usage } from "./types.ts";

const QUOTE_LIMIT = 2000;
const HUGE_BYTES = 5 * 1024 * 1024;

/** What was said, what came back, and how far the work has gone. */
interface Situation {
  readonly speech: string;
  readonly results: readonly string[];
  /** How often tools were called since the user spoke. */
  readonly rounds: number;
  readonly media: readonly string[];
}

/** The answer, with what the script replaces in it. */
export function planFor(ask: Ask, script: Behaviour): Plan {
  const situation = situationOf(ask.turns);
  const pace = paceOf(ask.model);
  const decided = pace === undefined ? decide(ask, situation) : { text: numberedWords(pace.events), calls: [] };
  const calls = script.calls ?? decided.calls;
  const huge = script.fault === "huge-line" ? "x".repeat(script.size ?? HUGE_BYTES) : undefined;
  const text = huge ?? script.text ?? decided.text;
  const thinking = script.thinking ?? (ask.thinking === "off" ? "" : thoughtOn(situation, calls));
  const fitted = fit(huge === undefined ? ask : { ...ask, maxTokens: Infinity, stop: [] }, thinking, text, calls);
  return {
    ...fitted,
    pieces: huge === undefined ? (pace === undefined ? piecesOf : wordsOf)(fitted.text) : [huge],
    finish: script.finish,
    usage: { ...usageOf(ask, fitted), ...script.usage },
    chunkDelayMs: pace?.delayMs,
  };
}

/** A model named `…sim-n200-ms20…` answers with 200 text events, 20 ms apart. */
function paceOf(model: string): { readonly events: number; readonly delayMs: number | undefined } | undefined {
  const match = /sim-n(\d{1,6})(?:-ms(\d{1,6}))?/.exec(model);
  return match === null ? undefined : { events: Number(match[1]), delayMs: match[2] === undefined ? undefined : Number(match[2]) };
}

function numberedWords(count: number): string {
  return Array.from({ length: count }, (_, index) => `word${index + 1} `).join("");
}

function situationOf(turns: readonly Turn[]): Situation {
  const last = turns.findLastIndex((turn) => turn.role === "user");
  const tail = lastRun(turns, last);
  const results = tail.flatMap((turn) => turn.results);
  let spoken = tail;
  let rounds = 0;
  if (results.length > 0) {
    const asked = turns.findLastIndex(
      (turn, index) => index <= last && turn.role === "user" && turn.results.length === 0 && turn.texts.length > 0 && !tail.includes(turn),
    );
    spoken = lastRun(turns, asked);
    rounds = turns.slice(asked + 1).filter((turn) => turn.role === "assistant" && turn.calls).length;
  }
  return { speech: speechOf(spoken.flatMap((turn) => turn.texts)), results, rounds, media: tail.flatMap((turn) => turn.media) };
}

/** The user turns that end at `end` with no assistant turn between them. */
function lastRun(turns: readonly Turn[], end: number): readonly Turn[] {
  const before = turns.findLastIndex((turn, index) => index < end && turn.role === "assistant");
  return turns.slice(before + 1, end + 1);
}

function decide(ask: Ask, situation: Situation): { readonly text: string; readonly calls: readonly PlannedCall[] } {
  const tools = ask.choice.mode === "none" ? [] : ask.tools.filter((tool) => ask.choice.names?.includes(tool.name) ?? true);
  const round = commandRounds(situation.speech)[situation.rounds] ?? [];
  const asked = round.map((command) => callFor(command, tools)).filter((call) => call !== undefined);
  if (ask.choice.mode === "required" && tools[0] !== undefined) {
    return { text: "", calls: asked.length > 0 ? asked : [{ name: tools[0].name, input: sampleOf(tools[0].schema) }] };
  }
  if (asked.length > 0) {
    const quoted = situation.results.length > 0 ? `${quoteResults(situation.results)}\n` : "";
    return { text: `${quoted}I will run ${asked.length === 1 ? "that command" : `these ${asked.length} commands`}.`, calls: asked };
  }
  if (ask.format !== "text") {
    return {
      text: JSON.stringify(ask.format === "json" ? { answer: situation.speech.slice(0, QUOTE_LIMIT) } : sampleOf(ask.format.schema)),
      calls: [],
    };
  }
  if (situation.results.length > 0) return { text: `${quoteResults(situation.results)}${seen(situation.media)}`, calls: [] };
  const unable = round.length > 0 ? " No tool that runs commands was offered." : "";
  const echo = `You said: "${situation.speech.slice(0, QUOTE_LIMIT)}".`;
  return { text: `${echo}${seen(situation.media)}${unable} This is a simulator answering as ${ask.model}; no model was asked.`, calls: [] };
}

function quoteResults(results: readonly string[]): string {
  const quotes = results.map((result) => result.slice(0, QUOTE_LIMIT) || "(no text)");
  if (quotes.length === 1) return `The tool says: ${quotes[0]}`;
  return ["The tools say:", ...quotes.map((quote, index) => `${index + 1}. ${quote}`)].join("\n");
}

function seen(media: readonly string[]): string {
  const kinds = [...new Set(media)].map((kind) => {
    const count = media.filter((other) => other === kind).length;
    return `${count} ${kind}${count === 1 ? "" : "s"}`;
  });
  return kinds.length === 0 ? "" : ` I see ${kinds.join(" and ")}.`;
}

function thoughtOn(situation: Situation, calls: readonly PlannedCall[]): string {
  if (calls.length > 0) return `The user wants something done. I should call ${calls.map((call) => call.name).join(", ")}.`;
  if (situation.results.length > 0) return "The results are here. I should tell the user what they say.";
  return `The user wrote ${situation.speech.length} characters. A short answer will do.`;
}

type Fitted = Pick<Plan, "thinking" | "text" | "calls" | "end" | "stopSequence">;

/** Obeys stop sequences, then the token limit: thinking counts first, then text, then calls; a call that does not fit is left out. */
function fit(ask: Ask, thinking: string, fullText: string, calls: readonly PlannedCall[]): Fitted {
  const stop = firstStop(fullText, ask.stop);
  const text = stop === undefined ? fullText : fullText.slice(0, stop.index);
  const allowedCalls = stop === undefined ? calls : [];
  const thought = firstTokens(thinking, ask.maxTokens);
  const fittedText = firstTokens(text, ask.maxTokens - tokensOf(thought));
  if (thought !== thinking || fittedText !== text)
    return { thinking: thought, text: fittedText, calls: [], end: "length", stopSequence: undefined };
  let room = ask.maxTokens - tokensOf(thought) - tokensOf(text);
  const fitting = allowedCalls.filter((call) => (room -= callTokens(call)) >= 0);
  if (fitting.length < allowedCalls.length) return { thinking, text, calls: fitting, end: "length", stopSequence: undefined };
  const end = stop === undefined ? (calls.length > 0 ? "calls" : "end") : "stop-sequence";
  return { thinking, text, calls: allowedCalls, end, stopSequence: stop?.sequence };
}

function firstStop(text: string, sequences: readonly string[]): { readonly index: number; readonly sequence: string } | undefined {
  const found = sequences.map((sequence) => ({ sequence, index: text.indexOf(sequence) })).filter((hit) => hit.index >= 0);
  return found.reduce<(typeof found)[number] | undefined>(
    (first, hit) => (first === undefined || hit.index < first.index ? hit : first),
    undefined,
  );
}

function callTokens(call: PlannedCall): number {
  return tokensOf(call.name) + tokensOf(JSON.stringify(call.input) ?? "");
}

function usageOf(ask: Ask, answer: Fitted): Usage {
  const thinking = tokensOf(answer.thinking);
  const output = thinking + tokensOf(answer.text) + answer.calls.reduce((sum, call) => sum + callTokens(call), 0);
  return { ...ask.size, output, thinking };
}
