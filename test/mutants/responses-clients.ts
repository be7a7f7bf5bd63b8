/** Faults of what speaks Responses to clients. */
import type { Mutant } from "./mutant.ts";

const RESPONSES = "protocols/openai-responses";

export const RESPONSES_CLIENT_MUTANTS: readonly Mutant[] = [
  // The frame of an answer.
  {
    name: "Responses: omits response.in_progress",
    file: `${RESPONSES}/client/stream-encode.ts`,
    find: `    this.#frames.event("response.in_progress", { response });\n`,
    replace: "",
  },
  {
    name: "Responses: numbers events from one",
    file: `${RESPONSES}/client/stream-encode.ts`,
    find: "    return this.#count - 1;\n",
    replace: "    return this.#count;\n",
  },
  {
    name: "Responses: does not count deltas",
    file: `${RESPONSES}/client/stream-encode.ts`,
    find: `"sequence_number":\${this.#next()}}`,
    replace: `"sequence_number":\${this.#count}}`,
  },
  {
    name: "Responses: a broken answer looks finished",
    file: `${RESPONSES}/client/stream-encode.ts`,
    find: "        this.#fail(event.error);\n",
    replace: `        this.#finish({ reason: "stop" });\n`,
  },
  {
    name: "Responses: the last event holds no items",
    file: `${RESPONSES}/client/answer.ts`,
    find: "const whole = { ...ending, usage, output: this.#items.output.items() };",
    replace: "const whole = { ...ending, usage, output: this.#items.output.items().slice(0, 0) };",
  },
  {
    name: "Responses: repeats other instructions",
    file: `${RESPONSES}/client/response-encode.ts`,
    find: "instructions: instructionsOf(request),",
    replace: "instructions: null,",
  },
  {
    name: "Responses: repeats no tools",
    file: `${RESPONSES}/client/response-encode.ts`,
    find: `tools: encodeTools(tools.filter(({ path }) => path.startsWith("tools["))),`,
    replace: "tools: [],",
  },
  {
    name: "Responses: calls the model by another name",
    file: `${RESPONSES}/client/response-encode.ts`,
    find: "created_at: createdAt, background: false, model };",
    replace: "created_at: createdAt, background: false, model: `${model}-2` };",
  },
  // Its items.
  {
    name: "Responses: all items have one id",
    file: `${RESPONSES}/client/output.ts`,
    find: "?? `${prefix}_${this.#stem}_${index}`, index };",
    replace: "?? `${prefix}_${this.#stem}`, index };",
  },
  {
    name: "Responses: all items have one place",
    file: `${RESPONSES}/client/output.ts`,
    find: `this.output.sink.event("response.output_item.added", { output_index: this.index,`,
    replace: `this.output.sink.event("response.output_item.added", { output_index: 0,`,
  },
  {
    name: "Responses: emits text twice",
    file: `${RESPONSES}/client/message-item.ts`,
    find: "(text) => this.delta(head, text),",
    replace: "(text) => (this.delta(head, text), this.delta(head, text)),",
  },
  {
    name: "Responses: begins no parts",
    file: `${RESPONSES}/client/message-item.ts`,
    find: `    tell("response.content_part.added", { part: this.fields() });\n`,
    replace: "",
  },
  {
    name: "Responses: a refusal looks like text",
    file: `${RESPONSES}/client/answer-encode.ts`,
    find: `return this.#followText("refusal", undefined, itemOf(item));`,
    replace: `return this.#followText("output_text", undefined, itemOf(item));`,
  },
  {
    name: "Responses: drops sources",
    file: `${RESPONSES}/client/message-item.ts`,
    find: "    else this.#whole.push(citation);\n",
    replace: "    else void this.#whole;\n",
  },
  // Calls.
  {
    name: "Responses: ends a call without its arguments",
    file: `${RESPONSES}/client/call-items.ts`,
    find: `this.event("response.function_call_arguments.done", { arguments: this.#input });`,
    replace: `this.event("response.function_call_arguments.done", { arguments: "" });`,
  },
  {
    name: "Responses: calls lose their group",
    file: `${RESPONSES}/client/call-items.ts`,
    find: "...wireName(name, output.context.request.tools), ...own };",
    replace: "name, ...own };",
  },
  {
    name: "Responses: free text comes as a function's arguments",
    file: `${RESPONSES}/client/call-items.ts`,
    find: `const [type, key] = this.#kind === "custom" ?`,
    replace: `const [type, key] = this.#kind !== this.#kind ?`,
  },
  {
    name: "Responses: half a call looks complete",
    file: `${RESPONSES}/client/call-items.ts`,
    find: `return this.#kind === "custom" ? isLast : tryParseJson(this.#input) === undefined;`,
    replace: "return isLast && tryParseJson(this.#input) === null;",
  },
  {
    name: "Responses: a patch is a function's call",
    file: `${RESPONSES}/client/answer-encode.ts`,
    find: `if (tool?.type === "client" && isTyped(tool.vendorType))`,
    replace: `if (tool?.type === "client" && isTyped("") && isTyped(tool.vendorType))`,
  },
  // State.
  {
    name: "Responses: reasoning comes without its state",
    file: `${RESPONSES}/client/reasoning-item.ts`,
    find: `return { ...this.fields(), encrypted_content: this.#sealed ?? sealState(UNPROVEN, "self", this.output.context.sealer) };`,
    replace: "return this.fields();",
  },
  {
    name: "Responses: the state of calls is carried by nothing",
    file: `${RESPONSES}/client/item-writer.ts`,
    find: "    if (state && !takes) this.#carry(state, binds);\n",
    replace: "",
  },
  {
    name: "Responses: the state of a call looks like that of reasoning",
    file: `${RESPONSES}/client/answer-encode.ts`,
    find: `this.#writer.settle(call.state, "next-call");`,
    replace: `this.#writer.settle(call.state, "self");`,
  },
  {
    name: "Responses: what is kept is what was told",
    file: `${RESPONSES}/client/answer.ts`,
    find: "this.#context.keeping?.keep(this.#response.encode(whole));",
    replace: "this.#context.keeping?.keep(this.#told(whole));",
  },
  // Ends and tokens.
  {
    name: "Responses: a cut answer looks finished",
    file: `${RESPONSES}/client/finish-encode.ts`,
    find: `return { status: "incomplete", reason: "max_output_tokens" };`,
    replace: `return { status: "completed" };`,
  },
  {
    name: "Responses: counts cached tokens beside the input",
    file: `${RESPONSES}/client/response-encode.ts`,
    find: "input_tokens: input,",
    replace: "input_tokens: input - cacheRead,",
  },
  {
    name: "Responses: leaves reasoning out of the total",
    file: `${RESPONSES}/client/response-encode.ts`,
    find: "total_tokens: input + output,",
    replace: "total_tokens: input + output - reasoning,",
  },
  // What clients ask.
  {
    name: "from Responses clients: drops the instructions",
    file: `${RESPONSES}/client/input-decode.ts`,
    find: `if (instructions !== "") reader`,
    replace: `if (instructions === "-") reader`,
  },
  {
    name: "from Responses clients: takes no tools from the conversation",
    file: `${RESPONSES}/client/items-decode.ts`,
    find: `{ type: "tool-change", change: "add", tools: names }`,
    replace: `{ type: "tool-change", change: "add", tools: names.slice(0, 0) }`,
  },
  {
    name: "from Responses clients: forgets what a search for tools found",
    file: `${RESPONSES}/client/calls-decode.ts`,
    find: `names.map((name): Content => ({ type: "tool-reference", name }));`,
    replace: `names.slice(1).map((name): Content => ({ type: "tool-reference", name }));`,
  },
  {
    name: "from Responses clients: forgets the groups of calls",
    file: `${RESPONSES}/client/calls-decode.ts`,
    find: `name: tools.nameOf({ name, ...(namespace !== undefined && { namespace }) }),`,
    replace: "name: tools.nameOf({ name }),",
  },
  {
    name: "calls tools of different groups alike",
    file: `${RESPONSES}/tool-names.ts`,
    find: `return namespace === undefined || namespace === "" ? name : \`\${namespace}__\${name}\`;`,
    replace: "return name;",
  },
  {
    name: "from Responses clients: takes free text for arguments",
    file: `${RESPONSES}/client/items-decode.ts`,
    find: `["custom_tool_call", decodeCall("custom")],`,
    replace: `["custom_tool_call", decodeCall("function")],`,
  },
  {
    name: "from Responses clients: a failed patch looks applied",
    file: `${RESPONSES}/client/calls-decode.ts`,
    find: `leftover(item, ["call_id", "output"]), item["status"] === "failed");`,
    replace: `leftover(item, ["call_id", "output"]));`,
  },
  {
    name: "from Responses clients: opens no envelope",
    file: `${RESPONSES}/client/messages-decode.ts`,
    find: "const sealed = value.startsWith(ENVELOPE_PREFIX) ? openState(value, sealer) : undefined;",
    replace: "const sealed = value === ENVELOPE_PREFIX ? openState(value, sealer) : undefined;",
  },
  {
    name: "from Responses clients: carries no state to the next call",
    file: `${RESPONSES}/client/messages-decode.ts`,
    find: "const alone = sealed ? carried.take(sealed) : [];",
    replace: "const alone = sealed ? carried.take(sealed).slice(0, 0) : [];",
  },
  {
    name: "from Responses clients: drops the limit",
    file: `${RESPONSES}/client/settings-decode.ts`,
    find: "...(maxOutputTokens !== undefined && { maxOutputTokens }),",
    replace: "",
  },
  {
    name: "from Responses clients: permits a call that was demanded",
    file: `${RESPONSES}/client/tool-choice-decode.ts`,
    find: `required: mode === "required" };`,
    replace: "required: false };",
  },
];
