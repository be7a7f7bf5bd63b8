/** Decides the answer to a request. The same request always gets the same answer. */
import { blocksOf, fit, outputOf } from "./blocks.ts";
import { asOffered, blockAsOffered, callFor, commandRounds, inNamespace, patchCall, speechOf } from "./commands.ts";
import { callsOf, mediaOf, resultsOf, textsOf, type Ask, type OfferedTool, type Plan, type Turn } from "./conversation.ts";
import { sampleOf } from "./schema-sample.ts";
import { piecesOf, wordsOf } from "./tokens.ts";
import type { Behaviour, ScriptedCall } from "./types.ts";

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
  const calls = (script.calls ?? decided.calls).map((call) => asOffered(call, ask.tools));
  const huge = script.fault === "huge-line" ? "x".repeat(script.size ?? HUGE_BYTES) : undefined;
  const text = huge ?? script.text ?? decided.text;
  const thinking = script.thinking ?? (ask.thinking === "off" ? "" : thoughtOn(situation, calls));
  const limits = huge === undefined ? ask : { maxTokens: Infinity, stop: [] };
  const cut = huge === undefined ? (pace === undefined ? piecesOf : wordsOf) : (whole: string) => [whole];
  const scripted = script.blocks?.map((block) => blockAsOffered(block, ask.tools));
  const { blocks, end, stopSequence } = fit(scripted ?? blocksOf({ thinking, text, calls }), limits, cut);
  return {
    blocks,
    end: script.end ?? (script.stopSequence === undefined ? end : "stop-sequence"),
    stopSequence: script.stopSequence ?? stopSequence,
    finish: script.finish,
    continuationToken: script.continuationToken,
    interleave: script.interleave ?? false,
    usage: { ...ask.size, ...outputOf(blocks), ...script.usage },
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

function situationOf(all: readonly Turn[]): Situation {
  const turns = all.filter((turn) => turn.role !== "system");
  const last = turns.findLastIndex((turn) => turn.role === "user");
  const tail = lastRun(turns, last);
  const results = tail.flatMap(resultsOf).map((result) => result.text);
  let spoken = tail;
  let rounds = 0;
  if (results.length > 0) {
    const asked = turns.findLastIndex(
      (turn, index) =>
        index <= last && turn.role === "user" && resultsOf(turn).length === 0 && textsOf(turn).length > 0 && !tail.includes(turn),
    );
    spoken = lastRun(turns, asked);
    rounds = turns.slice(asked + 1).filter((turn) => turn.role === "assistant" && callsOf(turn).length > 0).length;
  }
  return { speech: speechOf(spoken.flatMap(textsOf)), results, rounds, media: tail.flatMap(mediaOf).map((media) => media.kind) };
}

/** The user turns that end at `end` with no assistant turn between them. */
function lastRun(turns: readonly Turn[], end: number): readonly Turn[] {
  const before = turns.findLastIndex((turn, index) => index < end && turn.role === "assistant");
  return turns.slice(before + 1, end + 1);
}

function decide(ask: Ask, situation: Situation): { readonly text: string; readonly calls: readonly ScriptedCall[] } {
  const callable = ask.tools.filter((tool) => tool.kind !== "hosted" && tool.deferred !== true);
  const tools = ask.choice.mode === "none" ? [] : callable.filter((tool) => ask.choice.names?.includes(tool.name) ?? true);
  const rounds = commandRounds(situation.speech);
  const round = (ask.parallel === false ? rounds.flat().map((command) => [command]) : rounds)[situation.rounds] ?? [];
  const patch = situation.rounds === 0 ? patchCall(situation.speech, tools) : undefined;
  const asked = [...round.map((command) => callFor(command, tools)), patch].filter((call) => call !== undefined);
  if (ask.choice.mode === "required" && tools[0] !== undefined) {
    return { text: "", calls: asked.length > 0 ? asked : [sampleCall(tools[0])] };
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

function sampleCall(tool: OfferedTool): ScriptedCall {
  return tool.kind === "custom"
    ? { name: tool.name, ...inNamespace(tool), arguments: "sample", custom: true }
    : { name: tool.name, ...inNamespace(tool), input: sampleOf(tool.schema ?? {}) };
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

function thoughtOn(situation: Situation, calls: readonly { readonly name: string }[]): string {
  if (calls.length > 0) return `The user wants something done. I should call ${calls.map((call) => call.name).join(", ")}.`;
  if (situation.results.length > 0) return "The results are here. I should tell the user what they say.";
  return `The user wrote ${situation.speech.length} characters. A short answer will do.`;
}
