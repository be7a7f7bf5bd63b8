/** What a model's name says to OpenAI's protocols: its reasoning models, its others, and those of compatible servers (dossier A.2.1, A.2.3). */

/** What the rules and answers depend on. */
export interface ModelFacts {
  /** Refuses sampling parameters, `max_tokens` and `stop`, and keeps its reasoning to itself. */
  readonly reasoning: boolean;
  /** Efforts it takes, where it is one of OpenAI's reasoning models. */
  readonly efforts: readonly string[];
  /** Whether functions and an effort other than `none` exclude each other (rule 159). */
  readonly functionsOrEffort: boolean;
  /** Whether it writes `reasoning_content` when it thinks, and takes it back: all but OpenAI's own do. */
  readonly showsReasoning: boolean;
  /** Whether it signs its reasoning in `reasoning_details` besides, and checks what comes back. */
  readonly signsReasoning: boolean;
  /** Whether it gives its reasoning as it is in Responses, neither summed up nor sealed: open models do. */
  readonly rawReasoning: boolean;
  /** Whether it thinks when `reasoning_effort` is absent. */
  readonly thinksByItself: boolean;
  /** Whether `instructions` stand behind the conversation in Responses, so that they may change. */
  readonly instructsLast: boolean;
  /** Whether it tells commentary and final answer apart in Responses. */
  readonly tellsPhases: boolean;
}

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const OPENAI = /^(?:gpt-|o\d|chatgpt-)/;
const OPEN_REASONER = /deepseek|kimi|qwen|glm|reasoner|gpt-oss/;

/** The facts of a model by its name, a path before it included or not. */
export function modelFacts(name: string): ModelFacts {
  const model = name.slice(name.lastIndexOf("/") + 1);
  const signsReasoning = model.endsWith("-thinking");
  const openReasoner = signsReasoning || OPEN_REASONER.test(model);
  const showsReasoning = openReasoner || !OPENAI.test(model);
  const reasoning = !showsReasoning && (/^o\d/.test(model) || versionOf(model) >= 5);
  return {
    reasoning,
    efforts: reasoning ? effortsOf(model) : [],
    functionsOrEffort: reasoning && versionOf(model) >= 5.4,
    showsReasoning,
    signsReasoning,
    rawReasoning: OPEN_REASONER.test(model),
    thinksByItself: openReasoner || (reasoning && !restsByDefault(model)),
    instructsLast: reasoning && versionOf(model) >= 6.2,
    tellsPhases: reasoning && versionOf(model) >= 5.4,
  };
}

/** GPT-5.1 to 5.4 reason only when they are told to; those before and behind them unless they are told not to. */
function restsByDefault(model: string): boolean {
  const version = versionOf(model);
  return version > 5 && version < 5.5;
}

/** Whether the name is one of OpenAI's own, whose server knows no foreign fields. */
export function isOpenAi(name: string): boolean {
  return !modelFacts(name).showsReasoning;
}

/** The version in a GPT's name as a number: 5.4 for `gpt-5.4-mini`; 0 for a name that has none. */
function versionOf(model: string): number {
  const match = /^gpt-(\d+(?:\.\d+)?)/.exec(model);
  return match === null ? 0 : Number(match[1]);
}

function effortsOf(model: string): readonly string[] {
  if (/^o\d/.test(model)) return ["low", "medium", "high"];
  if (/^gpt-5(?![.\d])/.test(model)) return ["minimal", "low", "medium", "high"];
  if (versionOf(model) === 6.2) return ["low", "medium", "high", "xhigh"];
  const withoutNone = /^gpt-6-astra|^gpt-6\.1-sol/.test(model);
  return EFFORTS.filter((effort) => effort !== "minimal" && !(withoutNone && effort === "none"));
}
