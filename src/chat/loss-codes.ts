/**
 * Every loss there can be, one code for one loss in whichever protocol it happens. `docs/fidelity.md` is made from this
 * table: `npx node scripts/write-fidelity.ts`.
 */
import type { LossSeverity } from "./loss.ts";

/** One kind of loss, for people. */
export interface LossKind {
  /** Whether it happens to what the caller says, or to what the model says. */
  readonly side: "request" | "answer";
  /** The severities it can have. */
  readonly severities: readonly LossSeverity[];
  /** What happens instead; when there are several severities, when it is which. */
  readonly meaning: string;
  /** What the caller can do about it. */
  readonly remedy: string;
  /** Whether the same effect is reached by other means; absent: something is left out. */
  readonly emulated?: true;
}

const NOTHING = "Nothing; the answer is not affected.";

export const LOSS_KINDS = {
  "answer-content": {
    side: "answer",
    severities: ["semantic"],
    meaning: "A piece of the answer has no form in the client's protocol and is left out; the path names it.",
    remedy: "Use a client of the provider's own protocol for such answers.",
  },
  "cache-mark": {
    side: "request",
    severities: ["info"],
    meaning: "A mark for the prompt cache is left out: the target caches by itself.",
    remedy: NOTHING,
  },
  "citation-range": {
    side: "answer",
    severities: ["info"],
    meaning: "Which words of the text a citation supports cannot be said; it stands at the whole text block.",
    remedy: NOTHING,
  },
  citations: {
    side: "request",
    severities: ["info"],
    meaning: "Citations of an earlier answer are left out; its text stays.",
    remedy: NOTHING,
  },
  "client-metadata": {
    side: "request",
    severities: ["info"],
    meaning: "A system block that holds the client's own bookkeeping, such as a billing header, does not go to another vendor.",
    remedy: NOTHING,
  },
  "client-tool": {
    side: "request",
    severities: ["contract"],
    meaning: "A tool that only its vendor's models are trained for, such as one that operates a computer, cannot be offered.",
    remedy: "Route such requests to that vendor, or declare the tool as an ordinary function.",
  },
  "compaction-request": {
    side: "request",
    severities: ["info"],
    meaning: "The provider has no request for a summary in place of the conversation; its model is asked for one in words.",
    remedy: NOTHING,
    emulated: true,
  },
  "compaction-state": {
    side: "request",
    severities: ["info", "semantic"],
    meaning:
      "The encrypted summary of a conversation cannot be read by the target. `info`: its text goes instead. `semantic`: it has none.",
    remedy: "Keep a compacted conversation at the provider that compacted it.",
  },
  "custom-tool-grammar": {
    side: "request",
    severities: ["semantic"],
    meaning: "The grammar of a free-text tool's input is not enforced; the tool takes one string.",
    remedy: "Check the input when the tool is called.",
    emulated: true,
  },
  "cut-tool-call": {
    side: "answer",
    severities: ["semantic"],
    meaning: "An answer that reached its limit ended inside a tool call; half a call is left out of an answer that is not streamed.",
    remedy: "Allow more output tokens.",
  },
  "end-user": {
    side: "request",
    severities: ["info"],
    meaning: "Who the end user is does not go to another vendor; an e-mail address or a phone number goes to none.",
    remedy: NOTHING,
  },
  "foreign-reasoning": {
    side: "request",
    severities: ["info"],
    meaning: "Reasoning of an earlier answer that the target did not sign is left out.",
    remedy: "Nothing; keep a conversation with one model when its reasoning matters.",
  },
  "foreign-state": {
    side: "request",
    severities: ["info"],
    meaning: "A signature that the target did not make is left out; the text or call that it stood at stays.",
    remedy: "Nothing; keep a conversation with one model when its reasoning matters.",
  },
  "hosted-tool": {
    side: "request",
    severities: ["semantic", "contract"],
    meaning: "A tool that the provider would run does not exist at the target. `contract`: the request insists on this tool.",
    remedy: "Leave the tool out, or offer one that the client runs.",
  },
  "hosted-tool-beside-functions": {
    side: "request",
    severities: ["semantic", "contract"],
    meaning:
      "This model takes no tools of its provider beside functions; the functions stay. `contract`: the request insists on this tool.",
    remedy: "Use a newer model, or ask for one kind of tool at a time.",
  },
  "hosted-tool-call": {
    side: "answer",
    severities: ["semantic"],
    meaning: "The provider ran a tool that the client's protocol has no word for; the call is left out.",
    remedy: "Use a client of the provider's own protocol.",
  },
  "hosted-tool-history": {
    side: "request",
    severities: ["info"],
    meaning: "What a provider's tool did in earlier turns goes as plain text.",
    remedy: NOTHING,
    emulated: true,
  },
  "hosted-tool-setting": {
    side: "request",
    severities: ["info", "semantic"],
    meaning: "A setting of a tool that the provider runs is left out. `semantic`: it limits what may be found, such as allowed domains.",
    remedy: "Do not rely on the limit, or say it in the prompt.",
  },
  "late-call-state": {
    side: "answer",
    severities: ["semantic"],
    meaning: "A signature came after the call that it belongs to had been sent; it is left out, and the next request lacks it.",
    remedy: "Nothing; the provider should send it with the call.",
  },
  logprobs: {
    side: "request",
    severities: ["semantic"],
    meaning: "How likely the tokens of the answer were is not told by the target.",
    remedy: "Leave it out, or route the request to a provider that tells it.",
  },
  "many-tools": {
    side: "request",
    severities: ["info"],
    meaning: "There are more tools than the vendor says it takes. All of them are sent, and it may refuse the request.",
    remedy: "Offer fewer tools, if the request is refused.",
  },
  "max-output-tokens": {
    side: "request",
    severities: ["info"],
    meaning: "The limit is lowered to what the model can write, or raised to the least that its provider takes.",
    remedy: NOTHING,
  },
  "media-detail": {
    side: "request",
    severities: ["info"],
    meaning: "How closely a picture is to be looked at cannot be said.",
    remedy: NOTHING,
  },
  "media-file-id": {
    side: "request",
    severities: ["contract"],
    meaning: "A file that was uploaded to one provider does not exist at another.",
    remedy: "Send the file's content in the request.",
  },
  "media-moved": {
    side: "request",
    severities: ["info"],
    meaning: "Media in an answer of the model goes at the beginning of the user turn behind it: the target takes none from the model.",
    remedy: NOTHING,
    emulated: true,
  },
  "media-output": {
    side: "answer",
    severities: ["semantic"],
    meaning: "The model made a picture or a sound, which the client's protocol cannot hold; a note stands in its place.",
    remedy: "Use a client of the provider's own protocol.",
    emulated: true,
  },
  "media-type": {
    side: "request",
    severities: ["contract"],
    meaning: "The target takes no media of this type.",
    remedy: "Convert it, or describe it in words.",
  },
  "media-url": {
    side: "request",
    severities: ["contract"],
    meaning: "The model cannot fetch from this address, or cannot tell what lies there.",
    remedy: "Send the content in the request.",
  },
  "missing-tool-result": {
    side: "request",
    severities: ["info"],
    meaning: "A tool call without a result gets one that says so: the target refuses it otherwise.",
    remedy: "Send a result for every call.",
    emulated: true,
  },
  "multiple-choices": {
    side: "request",
    severities: ["contract"],
    meaning: "Several answers to one request were asked for; a translated request gets one.",
    remedy: "Send the request several times, or route it to a provider of the client's own protocol.",
  },
  "namespace-description": {
    side: "request",
    severities: ["info"],
    meaning: "What a group of tools is for is left out: the target has no groups. Its tools keep their own descriptions.",
    remedy: "Say it in the descriptions of the tools, or in the prompt.",
  },
  "native-field": {
    side: "request",
    severities: ["info", "semantic", "contract"],
    meaning:
      "A field that only the client's own protocol has is left out; the path names it. `info`: hints on transport, cost or cache. `contract`: the answer depends on it (`thread`, `compaction`, `toolset_name`). `semantic`: every other, fields not known yet included.",
    remedy: "Leave it out, or route the request to a provider of that protocol.",
  },
  "opaque-content": {
    side: "request",
    severities: ["semantic", "contract"],
    meaning:
      "Content of a type that is not known is left out. `contract`: what asks for an answer that only the client's own protocol has (`compaction_trigger` in the middle of a conversation).",
    remedy: "Route the request to a provider of the client's own protocol.",
  },
  "opening-turn-added": {
    side: "request",
    severities: ["info"],
    meaning: "The conversation begins with the model, which the target refuses; a short user turn stands before it.",
    remedy: NOTHING,
    emulated: true,
  },
  "orphan-tool-result": {
    side: "request",
    severities: ["semantic"],
    meaning: "A tool result that answers no call of the step before it goes as words of the user.",
    remedy: "Send each result right after its call, once.",
    emulated: true,
  },
  "output-format-beside-tools": {
    side: "request",
    severities: ["semantic"],
    meaning: "This model enforces no format beside tools; the schema is asked for in the system text.",
    remedy: "Use a newer model, check the answer, or ask without tools.",
    emulated: true,
  },
  "output-format-emulated": {
    side: "request",
    severities: ["info"],
    meaning:
      "This model enforces no format of its answers; it gives the answer to a tool that takes this format, or is asked for it in words.",
    remedy: "Use a newer model, or check the answer.",
    emulated: true,
  },
  "output-format-name": {
    side: "request",
    severities: ["info"],
    meaning: "The name of the answer's format is left out.",
    remedy: NOTHING,
  },
  "parallel-tool-calls": {
    side: "request",
    severities: ["semantic"],
    meaning: "The model cannot be kept from calling several tools at once.",
    remedy: "Be ready to run several calls.",
  },
  prefill: {
    side: "request",
    severities: ["semantic", "contract"],
    meaning:
      "The conversation ends with the model's own words, which this model does not continue. `semantic`: it sees them and answers anew.",
    remedy: "End with a user turn, or use a model that continues.",
  },
  "prefill-trimmed": {
    side: "request",
    severities: ["info"],
    meaning: "Spaces at the end of the answer's given beginning are cut: the target refuses them.",
    remedy: NOTHING,
  },
  "reasoning-budget-too-small": {
    side: "request",
    severities: ["semantic"],
    meaning: "No room is left to think within the limit of output tokens; the model answers without.",
    remedy: "Allow more output tokens.",
  },
  "reasoning-effort": {
    side: "request",
    severities: ["info"],
    meaning: "The nearest effort or budget that the model has is used.",
    remedy: NOTHING,
  },
  "reasoning-not-disabled": {
    side: "request",
    severities: ["info"],
    meaning: "This model always reasons; it does so as little as it can.",
    remedy: "Use a model that can do without.",
  },
  "reasoning-off": {
    side: "request",
    severities: ["info", "semantic"],
    meaning:
      "The model cannot reason on this request: a tool must be called, or calls in progress were made without reasoning. `semantic`: reasoning was asked for.",
    remedy: "Leave the choice of tools free, and send reasoning back with the calls that it led to.",
  },
  "reasoning-unsupported": {
    side: "request",
    severities: ["info"],
    meaning: "This model does not reason.",
    remedy: "Use a model that does.",
  },
  "sampling-ignored": {
    side: "request",
    severities: ["semantic"],
    meaning: "This model has no such setting: temperature and its like; the path names it.",
    remedy: "Leave it out.",
  },
  "schema-keyword": {
    side: "request",
    severities: ["info"],
    meaning: "What the target's schemas cannot express stands in words in a description; where there is no room for words it is left out.",
    remedy: "Check what the model returns.",
    emulated: true,
  },
  "strict-format": {
    side: "request",
    severities: ["semantic"],
    meaning: "The answer's schema is sent, but not as a strict one: it holds what strict schemas may not.",
    remedy: "Leave out what strict schemas may not hold, and check the answer.",
  },
  "strict-tool": {
    side: "request",
    severities: ["semantic"],
    meaning: "That the arguments of a tool keep to its schema is not enforced: the server cannot, or not this schema.",
    remedy: "Require every property, allow no others, and check the arguments.",
  },
  "system-content": {
    side: "request",
    severities: ["semantic"],
    meaning: "What is not text in the system prompt is left out.",
    remedy: "Put it into the first user message.",
  },
  "system-turn-as-user": {
    side: "request",
    severities: ["info"],
    meaning: "System text inside the conversation goes as a marked reminder in a user turn.",
    remedy: NOTHING,
    emulated: true,
  },
  "temperature-clamped": {
    side: "request",
    severities: ["semantic"],
    meaning: "A temperature above 1 becomes 1.",
    remedy: "Stay within the target's range.",
  },
  "tool-call-arguments": {
    side: "request",
    severities: ["semantic"],
    meaning: "Arguments of an earlier call that are no JSON object stand in a field `_raw`.",
    remedy: "Send objects.",
    emulated: true,
  },
  "tool-choice": {
    side: "request",
    severities: ["semantic", "contract"],
    meaning:
      "The choice of tools cannot be said in full. `semantic`: it is wider than asked for. `contract`: the tool that must be called is not offered.",
    remedy: "Name tools that are in the request and that the target can be given.",
  },
  "tool-schema-flattened": {
    side: "request",
    severities: ["semantic"],
    meaning: "Alternatives at the top of a tool's schema become one object that allows all of them.",
    remedy: "Check the arguments when the tool is called.",
    emulated: true,
  },
  "trailing-state": {
    side: "answer",
    severities: ["info"],
    meaning:
      "A signature that came behind the last text is left out, so that the answer ends with its words; the gateway puts it back while it remembers the conversation.",
    remedy: NOTHING,
  },
  "unfinished-answer": {
    side: "answer",
    severities: ["semantic"],
    meaning:
      "The provider broke its answer off to be asked for the rest, and gave none or would never have ended; what there is, is given.",
    remedy: "Ask the model to go on, or for less at once.",
  },
  "unpaired-reasoning": {
    side: "request",
    severities: ["info"],
    meaning: "Reasoning of an earlier answer that led to nothing is left out: the target takes it only before what it led to.",
    remedy: NOTHING,
  },
  verbosity: {
    side: "request",
    severities: ["info"],
    meaning: "How long the answer is to be cannot be said.",
    remedy: "Say it in the prompt.",
  },
} as const satisfies Readonly<Record<string, LossKind>>;

/** A stable kebab-case name. */
export type LossCode = keyof typeof LOSS_KINDS;

/** The severities that losses of a code can have. */
export type SeverityOf<Code extends LossCode> = (typeof LOSS_KINDS)[Code]["severities"][number];
