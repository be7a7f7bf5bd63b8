/**
 * Reads lessons out of the words in which upstreams refuse a request (dossier A.1.7, A.2.1, C.13; recordings; what
 * vendors' users report). Words that are not known here teach nothing, and the request fails as it is.
 */
import type { Effort } from "../chat/chat.ts";
import type { GatewayError } from "../chat/error.ts";
import { EFFORTS } from "../protocols/shared/effort.ts";
import type { Profile, ThinkingForm } from "../protocols/profile.ts";
import { layLesson, type Lesson } from "./lessons.ts";

/** What stands further in is the caller's own, quoted. */
const MAX_CHARS = 600;
const QUOTED = /(?<!\w)(["'`])((?:(?!\1(?!\w)).)*)\1(?!\w)/gs;

/** Statuses that refuse a request's fields: most servers', and that of servers which validate before anything else. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([400, 422]);

/**
 * What a failure teaches about the model that answered it so; `undefined` when it is not known, or nothing new.
 * @param profile what was believed when the request was encoded.
 */
export function lessonOf({ kind, message, detail }: GatewayError, profile: Profile): Lesson | undefined {
  if (kind !== "invalid-request" || !REFUSALS.has(detail.upstreamStatus)) return undefined;
  const said = (detail.upstreamMessage ?? message).slice(0, MAX_CHARS).replaceAll(QUOTED, withoutWords);
  const words = `${detail.field ?? ""} ${said}`.trimStart();
  if (CALLERS_OWN.test(words)) return undefined;
  for (const read of READERS) {
    const lesson = read(words, profile);
    if (lesson) return layLesson(profile, lesson) === profile ? undefined : lesson;
  }
  return undefined;
}

/** Nothing but a caller's own words is quoted and reads like a sentence. */
function withoutWords(quoted: string): string {
  return /\s/.test(quoted) ? "…" : quoted;
}

/** What is wrong with the conversation itself, or with a schema in it, cannot be unlearned. */
const CALLERS_OWN =
  /\b(?:messages|contents|input)(?:\.|\[)\d|\bblocks?\b|signature|\bproperties\b|\bin context=|\binvalid (?:json )?schema\b/i;

type Reader = (words: string, profile: Profile) => Lesson | undefined;

/** How a field, or its value, is refused. */
const REFUSED =
  /not (?:currently )?(?:be )?(?:support|permit|allow|availab|accept|compatib|valid)|unsupported|incompatible|unrecognized|unknown (?:name|field|parameter|argument)|unexpected (?:keyword|field|property)|does(?:n't| not) (?:support|accept)|extra (?:inputs|fields)|(?:cannot|can't|may not|must not) be|deprecated|is not enabled|no longer|only the default/i;

/** How a value is refused that another request need not have. */
const OUT_OF_RANGE =
  /\b(?:negative|positive|between|range|at least|at most)\b|\b(?:greater|less|more|fewer|larger|smaller|higher|lower) than\b|\btoo (?:large|small|long|many|few)\b/i;

/** A lesson from a field's name in a refusal. */
function refused(field: RegExp, teach: Lesson | ((words: string, profile: Profile) => Lesson | undefined)): Reader {
  return (words, profile) => {
    if (!field.test(words) || !REFUSED.test(words) || OUT_OF_RANGE.test(words)) return undefined;
    return typeof teach === "function" ? teach(words, profile) : teach;
  };
}

/** A lesson from a sentence. */
function said(sentence: RegExp, teach: (found: RegExpExecArray) => Lesson | undefined): Reader {
  return (words) => {
    const found = sentence.exec(words);
    return found ? teach(found) : undefined;
  };
}

/** No model writes less; a limit below is that of one request. */
const LEAST_MOST_TOKENS = 512;

/** @param beyond how many more are named than the model writes. */
function mostTokens({ 1: digits, input: words }: RegExpExecArray, beyond = 0): Lesson | undefined {
  const most = Number(digits) - beyond;
  // Some servers name what is left beside this one prompt.
  if (most < LEAST_MOST_TOKENS || /\bprompt\b|\binput tokens\b|\bcontext length\b/i.test(words)) return undefined;
  return { teaches: "max-output-tokens", most };
}

/** In the order in which they are asked; the first that knows the words decides. */
const READERS: readonly Reader[] = [
  said(/max_tokens: \d+ > (\d+), which is the maximum allowed/, mostTokens),
  said(/supports at most (\d+) (?:completion|output) tokens/i, mostTokens),
  said(/max_(?:completion_)?tokens\W.{0,80}\[\s*\d+\s*,\s*(\d+)\s*\]/i, mostTokens),
  said(/max_(?:completion_|output_)?tokens\W.{0,60}(?:less than or equal to|at most|<=|not exceed) [`'"]?(\d+)/i, mostTokens),
  said(/maxOutputTokens value of \d+ but the supported range is from \d+ \(inclusive\) to (\d+) \(exclusive\)/, (found) =>
    mostTokens(found, 1),
  ),
  refused(/max_tokens.*use [`'"]?max_completion_tokens/i, { teaches: "max-tokens-field", field: "max_completion_tokens" }),
  refused(/max_completion_tokens/, { teaches: "max-tokens-field", field: "max_tokens" }),
  refused(/tools? with reasoning_effort|reasoning_effort.{0,40}(?:with|beside|and) (?:function )?tools/i, {
    teaches: "effort-beside-functions-refused",
  }),
  refused(/tool_choice|forces? tool use|function_calling_config/i, (words) => ({
    teaches: "forced-tool-choice",
    forced: /thinking|reasoning/i.test(words) ? "without-reasoning" : "never",
  })),
  said(/tool_choice\W.{0,40}must (?:either )?be .{0,60}auto/i, () => ({ teaches: "forced-tool-choice", forced: "never" })),
  said(/thinking may not be enabled when tool_choice/i, () => ({ teaches: "forced-tool-choice", forced: "without-reasoning" })),
  said(/temperature.{0,60}(?:only be set to 1|must be 1).{0,40}thinking/i, () => ({ teaches: "sampling", sampling: "without-reasoning" })),
  readThinkingForm,
  refused(/encrypted[_ ]content/i, { teaches: "encrypted-reasoning-refused" }),
  said(/must be verified to generate reasoning summaries/i, () => ({ teaches: "reasoning-summaries-refused" })),
  refused(/reasoning\.summary|reasoning summar/i, { teaches: "reasoning-summaries-refused" }),
  refused(/verbosity/i, { teaches: "verbosity-refused" }),
  refused(/hosted tool [`'"]?web_search|^tools web_search/i, { teaches: "web-search-refused" }),
  readEffort,
  said(/budget 0 is invalid|only works in thinking mode|thinking can'?t be disabled/i, () => ({ teaches: "reasoning-always-on" })),
  refused(/thinking[ _]?level/i, { teaches: "budgets-only" }),
  refused(/thinking[ _]?budget/i, { teaches: "levels-only" }),
  refused(/\bthinking\b|enable_thinking|\breasoning\b/i, { teaches: "reasoning-refused" }),
  said(/temperature[`'"]? and [`'"]?top_p[`'"]? cannot both/i, () => ({ teaches: "sampling", sampling: "one" })),
  refused(/^(?!.*(?:temperature|top_p|topP)).*top_?k\b/is, (_, { chat }) =>
    chat ? { teaches: "top-k-refused" } : { teaches: "sampling", sampling: "none" },
  ),
  refused(/temperature|top_?p\b|(?:frequency|presence)_?penalty/i, { teaches: "sampling", sampling: "none" }),
  said(/function calling with a response mime type|json mode cannot be combined with tool/i, () => ({
    teaches: "json-output-beside-functions-refused",
  })),
  refused(
    /response_format|json_schema|json_object|output_config\.format|output_format|response_?json_?schema|structured output/i,
    (words, profile) =>
      /json_object/.test(words) || profile.chat?.outputFormat === "json_object"
        ? { teaches: "json-output-refused" }
        : { teaches: "json-schema-refused" },
  ),
  refused(/parallel_tool_calls|disable_parallel_tool_use/, { teaches: "parallel-control-refused" }),
  said(/\bstop\w*\W.{0,60}(?:maximum length|at most|up to|maximum of) (\d+)/i, ([, most]) => ({
    teaches: "stop-sequences",
    most: Number(most),
  })),
  refused(/(?:parameter|name|field|argument)\W{1,4}stop\b|[`'"]stop[`'"]|stop_?sequences/i, { teaches: "stop-sequences", most: 0 }),
  refused(/stream_options/, { teaches: "stream-options-refused" }),
  refused(/parameters_?json_?schema/i, { teaches: "json-schema-tools-refused" }),
  refused(/include_?server_?side_?tool_?invocations/i, { teaches: "hosted-calls-hidden" }),
  refused(/\bstrict\b/, { teaches: "strict-functions-refused" }),
  refused(/safety_identifier|[`'"]user[`'"]/, { teaches: "end-user-refused" }),
  refused(/prompt_cache_key/, { teaches: "cache-key-refused" }),
];

const EFFORT_FIELD = /reasoning[._ ]effort|\befforts?\b/i;
/** Comes before the list of values that would have been taken. */
const ALTERNATIVES = /(?:(?:supported|valid|allowed|accepted|permitted) (?:values|levels|efforts)|must be|one of|should be|expected)(.*)/is;

/** Says which value is refused, and not of which field. */
const NAMELESS = /^Unsupported value: /;

function readEffort(words: string): Lesson | undefined {
  if (!EFFORT_FIELD.test(words) && !NAMELESS.test(words)) return undefined;
  const supported = effortsIn(ALTERNATIVES.exec(words)?.[1] ?? "");
  if (supported.length > 0) return { teaches: "efforts", efforts: supported };
  if (!EFFORT_FIELD.test(words) || !REFUSED.test(words)) return undefined;
  const [effort] = effortsIn(words);
  return effort === undefined ? { teaches: "efforts", efforts: [] } : { teaches: "effort-refused", effort };
}

/** The efforts that stand in quotes, the least first. */
function effortsIn(words: string): readonly Effort[] {
  const quoted = new Set([...words.matchAll(/[`'"](\w+)[`'"]/g)].map(([, word]) => word?.toLowerCase()));
  return EFFORTS.filter((effort) => quoted.has(effort));
}

const FORMS: readonly ThinkingForm[] = ["enabled", "adaptive", "disabled", "between_tools"];
const FORM_REFUSED = [
  /thinking\.type\.(\w+)\W{0,3} (?:is )?not support/i,
  /thinking\.type\W.{0,30}?[`'"](\w+)[`'"].{0,40}not (?:support|allow|permit|valid)/i,
  /input tag [`'"](\w+)[`'"] found using/i,
  /\b(adaptive|disabled|enabled) thinking (?:is )?not support/i,
];

function readThinkingForm(words: string): Lesson | undefined {
  const named = FORM_REFUSED.map((wording) => wording.exec(words)?.[1]?.toLowerCase()).find((name) => name !== undefined);
  const form = FORMS.find((one) => one === named);
  return form && { teaches: "thinking-form-refused", form };
}
