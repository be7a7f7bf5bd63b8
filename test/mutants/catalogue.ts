/** Faults that translators really have, as small edits of the gateway's source. The golden matrix must notice each. */

import type { Mutant } from "./mutant.ts";
import { RESPONSES_CLIENT_MUTANTS } from "./responses-clients.ts";
import { RESPONSES_UPSTREAM_MUTANTS } from "./responses-upstreams.ts";

const MESSAGES = "protocols/anthropic-messages";
const CHAT = "protocols/openai-chat";
const GEMINI = "protocols/gemini";

export const MUTANTS: readonly Mutant[] = [
  // What ends a stream.
  {
    name: "Messages: omits message_stop",
    file: `${MESSAGES}/client/stream-encode.ts`,
    find: `    this.#frames.write("message_stop", { type: "message_stop" });\n`,
    replace: "",
  },
  {
    name: "Chat: omits [DONE]",
    file: `${CHAT}/client/stream-encode.ts`,
    find: "this.#chunks.take() + formatFrame(undefined, DONE)",
    replace: "this.#chunks.take()",
  },
  {
    name: "Chat: omits the usage chunk",
    file: `${CHAT}/client/stream-encode.ts`,
    find: "if (usage) this.#chunks.usage(usage);",
    replace: "",
  },
  {
    name: "Gemini: omits the frame with the finish reason",
    file: `${GEMINI}/client/stream-encode.ts`,
    find: '        this.#frames.last(finalBody([{ text: "" }], event.finish, this.#usage, this.#answer, this.#id, this.#context));\n',
    replace: "",
  },
  {
    name: "Chat: takes a cut stream for a finished one",
    file: `${CHAT}/upstream/stream-decode.ts`,
    find: "if (this.#answer.hasReason) return this.#end();\n    return this.#answer.fail",
    replace: "if (this.#answer.hasReason || this.#answer.started) return this.#end();\n    return this.#answer.fail",
  },
  // Text.
  {
    name: "Messages: emits text twice",
    file: `${MESSAGES}/client/stream-encode.ts`,
    find: "    this.#out += this.delta(text);\n",
    replace: "    this.#out += this.delta(text) + this.delta(text);\n",
  },
  {
    name: "Gemini: emits text twice",
    file: `${GEMINI}/client/answer-encode.ts`,
    find: "if (this.#proof.length === 0) this.#sink.text(text, false);",
    replace: "if (this.#proof.length === 0) (this.#sink.text(text, false), this.#sink.text(text, false));",
  },
  // Instructions.
  {
    name: "to Chat: drops the instructions",
    file: `${CHAT}/upstream/messages-encode.ts`,
    find: "  writer.writeSystem(instructions);\n",
    replace: "",
  },
  {
    name: "to Messages: keeps the first instruction only",
    file: `${MESSAGES}/upstream/request-encode.ts`,
    find: "const blocks = withoutToolChanges(request.system).flatMap(",
    replace: "const blocks = withoutToolChanges(request.system).slice(0, 1).flatMap(",
  },
  {
    name: "to Gemini: drops the instructions",
    file: `${GEMINI}/upstream/contents.ts`,
    find: "return parts.length > 0 ? { parts } : undefined;",
    replace: "return undefined;",
  },
  // Calls and results.
  {
    name: "from Chat: merges parallel calls",
    file: `${CHAT}/upstream/calls-decode.ts`,
    find: "this.#calls.findLast((call) => call.index === index)",
    replace: "this.#calls.at(-1)",
  },
  {
    name: "lets items of an answer interleave",
    file: "protocols/shared/in-turn.ts",
    find: "if (this.#current !== undefined && event.index !== this.#current) {",
    replace: "if (this.#current === -1 && event.index !== this.#current) {",
  },
  {
    name: "from Gemini: drops the ids of calls",
    file: `${GEMINI}/upstream/calls.ts`,
    find: `const id = given !== undefined && given !== "" ? given :`,
    replace: `const id = given === undefined && given !== "" ? given :`,
  },
  {
    name: "to Chat: loses the id of a result",
    file: `${CHAT}/upstream/results-encode.ts`,
    find: `tool_call_id: wireCallId(result.callId, dialect), content, ...ownFields(result.native)`,
    replace: `tool_call_id: "call_1", content, ...ownFields(result.native)`,
  },
  {
    name: "to Messages: does not restore the ids of calls",
    file: `${MESSAGES}/ids.ts`,
    find: "return plain !== undefined && needsEscape(plain) ? plain : id;",
    replace: "return id;",
  },
  {
    name: "to Gemini: gives results in the order they came in",
    file: `${GEMINI}/upstream/tool-results.ts`,
    find: "encodeResponse(call, paired[i], target);",
    replace: "encodeResponse(call, paired.toReversed()[i], target);",
  },
  {
    name: "to Gemini: a failed result looks like a good one",
    file: `${GEMINI}/upstream/tool-results.ts`,
    find: "result.isError ? { error: said } : { output: said }",
    replace: "{ output: said }",
  },
  {
    name: "to Chat: drops media of results",
    file: "protocols/shared/result-text.ts",
    find: "  shown.push(...parts);\n  const label",
    replace: "  const label",
  },
  {
    name: "to Chat: leaves a call without a result",
    file: `${CHAT}/upstream/results-encode.ts`,
    find: "  for (const call of missing) {",
    replace: "  for (const call of missing.slice(1)) {",
  },
  {
    name: "to Messages: forgets that one call at a time was asked for",
    file: `${MESSAGES}/upstream/tool-choice-encode.ts`,
    find: `const serial = request.parallelToolCalls === false;`,
    replace: `const serial = false;`,
  },
  {
    name: "to Messages: a demanded call becomes a permitted one",
    file: `${MESSAGES}/upstream/tool-choice-encode.ts`,
    find: `if (canForce(profile)) return { choice: { type: "any" } };`,
    replace: `if (canForce(profile)) return { choice: { type: "auto" } };`,
  },
  {
    name: "sends tools in another order",
    file: `${CHAT}/upstream/tools-encode.ts`,
    find: "const offered = offeredTools(request);",
    replace: "const offered = [...offeredTools(request)].sort((a, b) => (a.name < b.name ? -1 : 1));",
  },
  // Thinking.
  {
    name: "Messages: loses the signature of thinking",
    file: `${MESSAGES}/client/stream-encode.ts`,
    find: `    this.#delta({ type: "signature_delta", signature: value });\n`,
    replace: "    void value;\n",
  },
  {
    name: "to Gemini: loses the signature of calls",
    file: `${GEMINI}/upstream/contents.ts`,
    find: `parts[first]?.["thoughtSignature"] === undefined) {`,
    replace: "true) {",
  },
  {
    name: "Gemini: shows thoughts that nobody asked for",
    file: `${GEMINI}/client/answer-encode.ts`,
    find: "if (this.#showsThoughts) this.#sink.text(text, true);",
    replace: "if (text) this.#sink.text(text, true);",
  },
  {
    name: "Gemini: shows thoughts as text",
    file: `${GEMINI}/client/answer-encode.ts`,
    find: "if (this.#showsThoughts) this.#sink.text(text, true);",
    replace: "if (this.#showsThoughts) this.#sink.text(text, false);",
  },
  {
    name: "leaks a vendor's signatures to another",
    file: "chat/state.ts",
    find: "    issuer.platform === target.platform &&\n",
    replace: "    issuer !== target ||\n",
  },
  // Tokens.
  {
    name: "Messages: swaps tokens read from and written to the cache",
    file: `${MESSAGES}/usage.ts`,
    find: `    cache_creation_input_tokens: cacheWrite ?? null,\n    cache_read_input_tokens: cacheRead ?? null,`,
    replace: `    cache_creation_input_tokens: cacheRead ?? null,\n    cache_read_input_tokens: cacheWrite ?? null,`,
  },
  {
    name: "from Messages: counts no cached tokens as input",
    file: `${MESSAGES}/usage.ts`,
    find: "input: uncached + (cacheRead ?? 0) + (cacheWrite ?? 0)",
    replace: "input: uncached",
  },
  {
    name: "from Gemini: leaves thoughts out of the output",
    file: `${GEMINI}/usage.ts`,
    find: "output: candidates + thoughts,",
    replace: "output: candidates,",
  },
  {
    name: "Gemini: counts thoughts twice",
    file: `${GEMINI}/usage.ts`,
    find: "candidatesTokenCount: output - thoughts,",
    replace: "candidatesTokenCount: output,",
  },
  {
    name: "Chat: tells no cached tokens",
    file: `${CHAT}/client/usage-encode.ts`,
    find: "...(cacheRead !== undefined && { cached_tokens: cacheRead }),",
    replace: "",
  },
  // Ends.
  {
    name: "Messages: a cut answer looks finished",
    file: `${MESSAGES}/finish.ts`,
    find: `      return "max_tokens";`,
    replace: `      return "end_turn";`,
  },
  {
    name: "Chat: calls end as plain text does",
    file: `${CHAT}/client/finish-encode.ts`,
    find: `return legacy ? "function_call" : "tool_calls";`,
    replace: `return "stop";`,
  },
  {
    name: "from Gemini: a filtered answer looks finished",
    file: `${GEMINI}/finish.ts`,
    find: `["SAFETY", "content-filter"],`,
    replace: `["SAFETY", "stop"],`,
  },
  {
    name: "looks for no stop sequences of its own",
    file: "protocols/shared/stop-sequences.ts",
    find: "...(scanned.length > 0 && { scanned })",
    replace: "",
  },
  // Errors.
  {
    name: "a refused key of ours is told as the client's",
    file: "pipeline/told.ts",
    find: `  return new GatewayError(\n    "bad-credential",`,
    replace: `  return new GatewayError(\n    "unauthenticated",`,
  },
  {
    name: "Gemini: does not say when to try again",
    file: `${GEMINI}/client/error-encode.ts`,
    find: "...(retryAfterMs === undefined ? []",
    replace: "...(retryAfterMs !== undefined ? []",
  },
  {
    name: "OpenAI: does not say when to try again",
    file: "protocols/shared/openai-error-answers.ts",
    find: `        "retry-after": String(waitSeconds(retryAfterMs)),\n`,
    replace: "",
  },
  // Settings.
  {
    name: "to Chat: drops the temperature",
    file: `${CHAT}/upstream/settings-encode.ts`,
    find: "    temperature,\n    top_p",
    replace: "    top_p",
  },
  {
    name: "Chat: calls the model by another name",
    file: `${CHAT}/client/completion-encode.ts`,
    find: "object, created: createdAt, model };",
    replace: "object, created: createdAt, model: `${model}-2` };",
  },
  {
    name: "never gives a sign of life",
    file: "pipeline/answer.ts",
    find: "    this.#heartbeat = setTimeout(() => this.#beat(), heartbeatMs);\n",
    replace: "    this.#heartbeat = undefined;\n",
  },
  ...RESPONSES_CLIENT_MUTANTS,
  ...RESPONSES_UPSTREAM_MUTANTS,
];
