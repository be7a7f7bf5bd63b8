/** What can go wrong upstream, and how clients fare when it does, straight at their provider: as measured. */
import type { ScriptItem } from "../../src/simulator/types.ts";

/** Tried as long as it goes on. */
const always = Infinity;

/** Late in an answer: some text is out by then, in every protocol, and has been read before the rest comes. */
const afterThinking = { at: 16, chunkDelayMs: 2 };
const late = { ...afterThinking, thinking: "" };
/** In a call behind whole words, which agents keep. */
const inCall: ScriptItem = {
  ...late,
  blocks: [
    { type: "text", text: "I will look." },
    { type: "call", name: "exec_command", input: { cmd: "true ".repeat(100) }, sizes: [10] },
  ],
};

/** What happens to the first request for an answer, or to all. */
export const faults = {
  "429": { fault: "429" },
  "429-hint": { fault: "429", retryAfter: 1 },
  "500": { fault: "500" },
  "529": { fault: "529" },
  reset: { fault: "reset-before-headers" },
  empty: { fault: "empty" },
  cut: { fault: "reset-mid-event", ...late },
  "cut-after-thinking": { fault: "reset-mid-event", ...afterThinking },
  "cut-in-call": { fault: "reset-mid-event", ...inCall },
  stall: { fault: "hang-mid-stream", ...late },
  "early-end": { fault: "end-early", ...late },
  "error-event": { fault: "error-after-content", ...late },
  "limit-event": { fault: "error-after-content", status: 429, ...late },
  "overload-event": { fault: "error-after-content", status: 529, ...late },
  "400-always": { fault: "400", times: always },
  "401-always": { fault: "401", times: always },
  "404-always": { fault: "404", times: always },
  "500-always": { fault: "500", times: always },
  "529-always": { fault: "529", times: always },
} satisfies Record<string, ScriptItem>;

export type Fault = keyof typeof faults;

/** It is not known whether OpenAI takes reasoning back whose answer broke off (rule 135); others' reasoning is the gateway's affair. */
export const translatedOnly: readonly Fault[] = ["cut-after-thinking"];

/** `deceived`: satisfied with half an answer. */
export type End = "recovers" | "fails" | "hangs" | "deceived";

export interface Effect {
  readonly end: End;
  /** What the provider saw. */
  readonly requests: number;
}

type Effects = Readonly<Partial<Record<Fault, Effect>>>;

const recovers = (requests: number): Effect => ({ end: "recovers", requests });
const fails = (requests: number): Effect => ({ end: "fails", requests });
/** For minutes: nobody has waited for the end. */
const hangs = (requests: number): Effect => ({ end: "hangs", requests });
const deceived = (requests: number): Effect => ({ end: "deceived", requests });

/** What no library tries again. */
const final: Effects = { "400-always": fails(1), "401-always": fails(1), "404-always": fails(1) };

/** Answers that have not begun are asked for again. */
const patient: Effects = { "429": recovers(2), "429-hint": recovers(2), "500": recovers(2), "529": recovers(2), reset: recovers(2) };

/** Libraries that ask twice more. */
const library: Effects = { ...final, ...patient, "500-always": fails(3), "529-always": fails(3) };

/** Libraries that never ask again. */
const once: Effects = {
  ...final,
  "429": fails(1),
  "429-hint": fails(1),
  "500": fails(1),
  "529": fails(1),
  reset: fails(1),
  "500-always": fails(1),
  "529-always": fails(1),
};

/** An answer that has begun is not asked for again. */
const broken: Effects = {
  empty: fails(1),
  cut: fails(1),
  stall: hangs(1),
  "early-end": fails(1),
  "error-event": fails(1),
  "limit-event": fails(1),
  "overload-event": fails(1),
};

/** Agents ask again whatever happened to an answer. */
const agent: Effects = {
  ...patient,
  empty: recovers(2),
  cut: recovers(2),
  stall: hangs(1),
  "early-end": recovers(2),
  "error-event": recovers(2),
  "limit-event": recovers(2),
  "overload-event": recovers(2),
};

/** By the client's name. */
export const effects: Readonly<Record<string, Effects>> = {
  // After a 400 it leaves out one feature after another.
  "claude-code": { ...agent, "400-always": fails(6), "401-always": fails(1), "404-always": fails(2), "529-always": fails(3) },
  // Without what it makes of a refused key: it fails at once, but tries again for minutes after the 502 that the operator's key is
  // answered with, whoever asks (rule 341).
  "gemini-cli": { ...agent, "400-always": fails(1), "404-always": fails(1) },
  codex: {
    ...agent,
    "cut-after-thinking": recovers(2),
    "cut-in-call": recovers(2),
    "429": fails(1),
    "400-always": fails(1),
    "401-always": fails(6),
    "404-always": fails(6),
    "500-always": fails(30),
    "529-always": fails(30),
  },
  // It comes back over HTTP in the end. Measured with a provider of its makers' kind, because the simulator has no WebSockets.
  "codex-ws": {
    ...agent,
    "cut-after-thinking": recovers(2),
    "cut-in-call": recovers(2),
    "429": fails(1),
    "400-always": fails(1),
    "401-always": fails(12),
    "404-always": fails(12),
    "500-always": fails(36),
    "529-always": fails(36),
  },
  "openai-sdk-responses-ws": { ...once, ...broken },
  "openai-sdk": { ...library, ...broken },
  "openai-sdk-responses": { ...library, ...broken, "early-end": deceived(1) },
  "genai-sdk": { ...once, ...broken, empty: deceived(1), "early-end": deceived(1) },
  "ai-sdk-anthropic": { ...library, ...broken, "early-end": deceived(1) },
  "ai-sdk-openai": { ...library, ...broken, empty: deceived(1), "early-end": deceived(1) },
  "ai-sdk-openai-chat": { ...library, ...broken, empty: deceived(1), "early-end": deceived(1) },
  "ai-sdk-google": { ...library, ...broken, empty: deceived(1), "early-end": deceived(1) },
};
