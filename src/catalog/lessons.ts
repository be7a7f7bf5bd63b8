/**
 * What an upstream's 400 teaches about a model, as facts laid over its profile (dossier D.2 item 4, rule 344). A lesson
 * concerns top-level parameters only, never how history is encoded: a conversation that meets one half-way goes on with
 * the same bytes before it.
 */
import type { Effort } from "../chat/chat.ts";
import type { ChatDialect } from "../protocols/chat-dialect.ts";
import type { Profile, ThinkingForm } from "../protocols/profile.ts";
import type { ResponsesDialect } from "../protocols/responses-dialect.ts";

/** One fact. The set is closed; what an error says beyond it teaches nothing. */
export type Lesson =
  /** The efforts it takes; none: it takes no instruction. */
  | { readonly teaches: "efforts"; readonly efforts: readonly Effort[] }
  | { readonly teaches: "effort-refused"; readonly effort: Effort }
  /** No effort beside functions (rule 159). */
  | { readonly teaches: "effort-beside-functions-refused" }
  | { readonly teaches: "thinking-form-refused"; readonly form: ThinkingForm }
  /** It does not reason, or not under anybody's control. */
  | { readonly teaches: "reasoning-refused" }
  /** It takes budgets and no levels, or levels and no budgets. */
  | { readonly teaches: "budgets-only" }
  | { readonly teaches: "levels-only" }
  | { readonly teaches: "reasoning-always-on" }
  | { readonly teaches: "sampling"; readonly sampling: Exclude<Profile["sampling"], "all"> }
  | { readonly teaches: "top-k-refused" }
  | { readonly teaches: "json-schema-refused" }
  | { readonly teaches: "json-output-refused" }
  | { readonly teaches: "json-output-beside-functions-refused" }
  | { readonly teaches: "forced-tool-choice"; readonly forced: Exclude<Profile["forcedToolChoice"], "always"> }
  | { readonly teaches: "parallel-control-refused" }
  | { readonly teaches: "stop-sequences"; readonly most: number }
  | { readonly teaches: "max-output-tokens"; readonly most: number }
  | { readonly teaches: "max-tokens-field"; readonly field: ChatDialect["maxTokensField"] }
  | { readonly teaches: "stream-options-refused" }
  | { readonly teaches: "strict-functions-refused" }
  | { readonly teaches: "json-schema-tools-refused" }
  | { readonly teaches: "end-user-refused" }
  | { readonly teaches: "cache-key-refused" }
  | { readonly teaches: "hosted-calls-hidden" }
  /** It gives no reasoning to send back, or shows none. */
  | { readonly teaches: "encrypted-reasoning-refused" }
  | { readonly teaches: "reasoning-summaries-refused" }
  | { readonly teaches: "verbosity-refused" }
  | { readonly teaches: "web-search-refused" };

/** What is taken for the budgets of a model that turns out to have some (dossier A.1.2, A.4.2). */
const ANY_BUDGET = { control: "budget", min: 1024, max: 24_576, off: true } as const;
const COMMON_LEVELS: readonly Effort[] = ["low", "medium", "high"];

/** The profile with a lesson in it; the same object when it holds that already. */
export function layLesson(profile: Profile, lesson: Lesson): Profile {
  const changes = changesOf(profile, lesson);
  const changed = Object.entries(changes).some(([name, value]) => !same(profile[name as keyof Profile], value));
  return changed ? { ...profile, ...changes } : profile;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function changesOf(profile: Profile, lesson: Lesson): Partial<Profile> {
  const { reasoning, chat, responses } = profile;
  switch (lesson.teaches) {
    case "efforts":
      return reasoning.control === "none" ? {} : { reasoning: { control: "level", levels: lesson.efforts } };
    case "effort-refused":
      if (reasoning.control !== "level") return {};
      return { reasoning: { control: "level", levels: reasoning.levels.filter((level) => level !== lesson.effort) } };
    case "effort-beside-functions-refused":
      return { effortWithFunctions: false };
    case "thinking-form-refused":
      return withoutForm(profile, lesson.form);
    case "reasoning-refused":
      return { reasoning: { control: "none" } };
    case "budgets-only":
      return reasoning.control === "level" ? { reasoning: ANY_BUDGET } : {};
    case "levels-only":
      return reasoning.control === "budget" ? { reasoning: { control: "level", levels: COMMON_LEVELS } } : {};
    case "reasoning-always-on":
      if (reasoning.control === "budget") return { reasoning: { ...reasoning, off: false } };
      if (reasoning.control === "none") return {};
      return { reasoning: { control: "level", levels: reasoning.levels.filter((level) => level !== "none") } };
    case "sampling":
      return { sampling: lesson.sampling };
    case "json-schema-refused":
      return { jsonSchemaOutput: false, ...inChat(chat, { outputFormat: chat?.outputFormat === "none" ? "none" : "json_object" }) };
    case "json-output-refused":
      return { jsonSchemaOutput: false, ...inChat(chat, { outputFormat: "none" }) };
    case "json-output-beside-functions-refused":
      return { jsonOutputWithFunctions: false };
    case "forced-tool-choice":
      return { forcedToolChoice: lesson.forced };
    case "stop-sequences":
      return { maxStopSequences: Math.min(lesson.most, profile.maxStopSequences ?? Infinity) };
    case "max-output-tokens":
      return { maxOutputTokens: Math.min(lesson.most, profile.maxOutputTokens ?? Infinity) };
    case "json-schema-tools-refused":
      return { toolSchema: "openapi" };
    case "hosted-calls-hidden":
      return { showsHostedCalls: false };
    case "max-tokens-field":
      return inChat(chat, { maxTokensField: lesson.field });
    case "top-k-refused":
      return inChat(chat, { topK: false });
    case "parallel-control-refused":
      return { ...inChat(chat, { parallelToolCalls: false }), ...inResponses(responses, { parallelToolCalls: false }) };
    case "stream-options-refused":
      return inChat(chat, { streamOptions: false });
    case "strict-functions-refused":
      return inChat(chat, { strictFunctions: false });
    case "end-user-refused":
      return { ...inChat(chat, { endUserField: undefined }), ...inResponses(responses, { endUserField: undefined }) };
    case "cache-key-refused":
      return { ...inChat(chat, { promptCacheKey: false }), ...inResponses(responses, { promptCacheKey: false }) };
    case "encrypted-reasoning-refused":
      return inResponses(responses, { encryptedReasoning: false });
    case "reasoning-summaries-refused":
      return inResponses(responses, { reasoningSummaries: false });
    case "verbosity-refused":
      return { verbosity: false };
    case "web-search-refused":
      return { webSearch: false };
  }
}

/** A refused form is not sent; of the two ways to turn thinking on, the other takes its place. */
function withoutForm(profile: Profile, form: ThinkingForm): Partial<Profile> {
  const forms = profile.thinkingForms.filter((one) => one !== form);
  const { reasoning } = profile;
  if (form === "adaptive" && reasoning.control === "level") {
    return { thinkingForms: ["enabled", ...forms.filter((one) => one !== "enabled")], reasoning: ANY_BUDGET };
  }
  if (form === "enabled" && reasoning.control === "budget") {
    return {
      thinkingForms: ["adaptive", ...forms.filter((one) => one !== "adaptive")],
      reasoning: { control: "level", levels: COMMON_LEVELS },
    };
  }
  return { thinkingForms: forms };
}

type Changes<Dialect> = { readonly [Name in keyof Dialect]?: Dialect[Name] | undefined };

function inChat(chat: ChatDialect | undefined, changes: Changes<ChatDialect>): Partial<Profile> {
  return chat ? { chat: changed(chat, changes) } : {};
}

function inResponses(responses: ResponsesDialect | undefined, changes: Changes<ResponsesDialect>): Partial<Profile> {
  return responses ? { responses: changed(responses, changes) } : {};
}

function changed<Dialect extends object>(dialect: Dialect, changes: Changes<Dialect>): Dialect {
  return Object.fromEntries(Object.entries({ ...dialect, ...changes }).filter(([, value]) => value !== undefined)) as Dialect;
}
