/** Faults of what speaks Responses to upstreams, passes it through, or keeps what its clients refer to. */
import type { Mutant } from "./mutant.ts";

const RESPONSES = "protocols/openai-responses";

export const RESPONSES_UPSTREAM_MUTANTS: readonly Mutant[] = [
  // What upstreams are asked.
  {
    name: "to Responses: drops the instructions",
    file: `${RESPONSES}/upstream/input-encode.ts`,
    find: "  writer.writeSystem(instructions);\n",
    replace: "",
  },
  {
    name: "to Responses: has everything kept",
    file: `${RESPONSES}/upstream/request-encode.ts`,
    find: "      store: false,\n",
    replace: "",
  },
  {
    name: "to Responses: asks for no state of reasoning",
    file: `${RESPONSES}/upstream/settings-encode.ts`,
    find: "encrypted: canReason && dialect.encryptedReasoning,",
    replace: "encrypted: false,",
  },
  {
    name: "to Responses: reasoning stands behind what it led to",
    file: `${RESPONSES}/upstream/item-writer.ts`,
    find: "    this.#release();\n    const written = this.#named(item);\n    this.#items.push(written);\n",
    replace: "    const written = this.#named(item);\n    this.#items.push(written);\n    this.#release();\n",
  },
  {
    name: "to Responses: reasoning that led to nothing goes along",
    file: `${RESPONSES}/upstream/item-writer.ts`,
    find: "for (const { path } of this.#waiting.splice(0)) this",
    replace: "this.#release();\n    for (const { path } of this.#waiting.splice(0)) this",
  },
  {
    name: "to Responses: tells the ids of reasoning",
    file: `${RESPONSES}/upstream/reasoning-encode.ts`,
    find: "dialect.reasoningIds || isOwn(item)",
    replace: "dialect.reasoningIds || item !== undefined",
  },
  {
    name: "to Responses: joins the parts of a summary",
    file: `${RESPONSES}/reasoning-state.ts`,
    find: "summary: summaryShown ? summary.map(lengthOf) : summary,",
    replace: "summary: summaryShown ? [shown.length] : summary,",
  },
  {
    name: "to Responses: loses the id of a result",
    file: `${RESPONSES}/upstream/results-encode.ts`,
    find: `const head = { type: outputType(call), call_id: call["call_id"] };`,
    replace: `const head = { type: outputType(call), call_id: "call_1" };`,
  },
  {
    name: "to Responses: a failed result looks like a good one",
    file: `${RESPONSES}/upstream/results-encode.ts`,
    find: "result.isError ? marked(parts) : parts;",
    replace: "result.isError ? parts : parts;",
  },
  {
    name: "to Responses: leaves a call without a result",
    file: `${RESPONSES}/upstream/input-encode.ts`,
    find: "      this.#writer.item(missingResult(call.written));\n",
    replace: "",
  },
  {
    name: "to Responses: brings no tools that were loaded",
    file: `${RESPONSES}/upstream/late-tools.ts`,
    find: "    if (loaded.length === 0) return undefined;\n",
    replace: "    if (loaded.length < 2) return undefined;\n",
  },
  {
    name: "to Responses: free text becomes a function's arguments",
    file: `${RESPONSES}/upstream/calls-encode.ts`,
    find: `dialect.customTools && toolNamed(tools, call.name)?.type !== "function"`,
    replace: `dialect.customTools && toolNamed(tools, call.name)?.type === "function"`,
  },
  {
    name: "to Responses: leaves it open whether functions are strict",
    file: `${RESPONSES}/upstream/tool-list-encode.ts`,
    find: "  return { parameters: schema, strict };\n",
    replace: "  return { parameters: schema, ...(strict && { strict }) };\n",
  },
  // What upstreams answer.
  {
    name: "from Responses: tells text again that came in pieces",
    file: `${RESPONSES}/upstream/message-decode.ts`,
    find: "this.delta(type, text.slice(this.#length));",
    replace: "this.delta(type, text);",
  },
  {
    name: "from Responses: knows text from pieces only",
    file: `${RESPONSES}/upstream/message-decode.ts`,
    find: "this.delta(type, text.slice(this.#length));",
    replace: `this.delta(type, text.slice(this.#length).slice(0, 0));`,
  },
  {
    name: "from Responses: puts pieces into the item that began last",
    file: `${RESPONSES}/upstream/answer-decode.ts`,
    find: "const known = index === undefined ? this.#last : this.#items.get(index);",
    replace: "const known = this.#last;",
  },
  {
    name: "from Responses: takes the state that reasoning begins with",
    file: `${RESPONSES}/upstream/reasoning-decode.ts`,
    find: "const state = packReasoning(read, this.#shown, this.#reading.context.issuer);",
    replace:
      "const state = packReasoning({ ...read, ...(read.encrypted && { encrypted: read.encrypted.slice(0, 60) }) }, this.#shown, this.#reading.context.issuer);",
  },
  {
    name: "from Responses: a refusal ends as plain text does",
    file: `${RESPONSES}/upstream/finish-decode.ts`,
    find: `refused ? "refusal" : "stop"`,
    replace: `"stop"`,
  },
  {
    name: "from Responses: a cut answer looks finished",
    file: `${RESPONSES}/upstream/finish-decode.ts`,
    find: `["max_output_tokens", "length"],`,
    replace: `["max_output_tokens", "stop"],`,
  },
  {
    name: "from Responses: takes a cut stream for a finished one",
    file: `${RESPONSES}/upstream/stream-decode.ts`,
    find: `return this.#answer.fail(new GatewayError("transport", "The upstream's stream ended`,
    replace: `return this.#answer.take({ type: "response.completed", response: { status: "completed" } });\n    return this.#answer.fail(new GatewayError("transport", "The upstream's stream ended`,
  },
  {
    name: "from Responses: tells no cached tokens",
    file: `${RESPONSES}/upstream/usage-decode.ts`,
    find: "    ...(cacheRead !== undefined && { cacheRead }),\n",
    replace: "",
  },
  // What passes untouched.
  {
    name: "between Responses: passes another's state on",
    file: `${RESPONSES}/upstream/relay-body.ts`,
    find: "if (!mintedBy(state.issuer, this.#target.issuer)) {",
    replace: "if (!mintedBy(state.issuer, state.issuer)) {",
  },
  {
    name: "between Responses: leaves the ids of what another's reasoning led to",
    file: `${RESPONSES}/upstream/relay-body.ts`,
    find: `      this.#unpaired ||= type === "reasoning";\n`,
    replace: "",
  },
  {
    name: "between Responses: does not see what passes",
    file: `${RESPONSES}/upstream/relay-tap.ts`,
    find: "this.answer = told.length === 0 &&",
    replace: "const _unseen = told.length === 0 &&",
  },
  // What is kept.
  {
    name: "kept answers: forgets what was before the last one",
    file: `${RESPONSES}/client/stored-request.ts`,
    find: "[...known.history, ...this.#own(known)].map",
    replace: "this.#own(known).map",
  },
  {
    name: "kept answers: turns the history round",
    file: `${RESPONSES}/client/stored-request.ts`,
    find: "[...known.history, ...this.#own(known)].map",
    replace: "[...known.history.toReversed(), ...this.#own(known)].map",
  },
  {
    name: "kept answers: does not fill in what is only named",
    file: `${RESPONSES}/client/stored-request.ts`,
    find: "return { text: fills ? found : this.#text(span), field, kept: found !== undefined };",
    replace: "return { text: fills && found === field ? found : this.#text(span), field, kept: found !== undefined };",
  },
  {
    name: "kept answers: forgets what they were asked",
    file: `${RESPONSES}/client/stored-request.ts`,
    find: "return this.#own(known).map(({ text }, i) =>",
    replace: "return this.#own(known).slice(0, 0).map(({ text }, i) =>",
  },
  {
    name: "kept answers: tells an upstream the ids that are known here only",
    file: `${RESPONSES}/client/stored-request.ts`,
    find: "(kept ? withoutId(text) : text)",
    replace: "(kept ? text : text)",
  },
];
