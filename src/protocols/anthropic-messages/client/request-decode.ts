/** A Messages request to the neutral form (A.1.2). Unknown fields stay native; `null` is absent (rule 208). */
import type { ChatRequest, Content, Item, Sampling, Turn } from "../../../chat/chat.ts";
import { parseJson, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { unpackState, type StateSealer } from "../../../chat/state.ts";
import type { ClientRequest } from "../../protocol.ts";
import { CarriedState } from "../../shared/carried-state.ts";
import { decodeBlock } from "../content-decode.ts";
import { arrayField, booleanField, integerField, numberField, objectAt, objectField, refuse, required, stringField } from "../fields.ts";
import { annotations, leftover, nativeOf } from "../native.ts";
import { decodeConfig, effortOf } from "./reasoning-decode.ts";
import { openState } from "../state.ts";
import { decodeTool, decodeToolChoice } from "./tools-decode.ts";

/** More messages than this are refused (rule 46). */
const MAX_MESSAGES = 100_000;

/** Where system items say they come from: they stand before every turn. */
const BEFORE_TURNS = -1;

const KNOWN =
  "model stream system messages tools tool_choice max_tokens stop_sequences temperature top_p top_k thinking output_config output_format metadata".split(
    " ",
  );

/** @throws GatewayError `invalid-request`, naming the field as Anthropic does. */
export function decodeRequest(request: ClientRequest, sealer: StateSealer): ChatRequest {
  const body = parseBody(request.body);
  const counting = request.route.operation === "count-tokens";
  const model = required(stringField, body, "model", "");
  const messages = decodeMessages(required(arrayField, body, "messages", ""), sealer);
  const maxOutputTokens = (counting ? integerField : requiredInteger)(body, "max_tokens", "");
  const stop = arrayField(body, "stop_sequences", "")?.map((text, i): string =>
    typeof text === "string" ? text : refuse(`stop_sequences[${i}]`, "Input should be a valid string"),
  );
  const metadata = objectField(body, "metadata", "") ?? {};
  const endUser = stringField(metadata, "user_id", "metadata");
  const metadataRest = leftover(metadata, ["user_id"]);
  const config = decodeConfig(body);
  const { toolChoice, parallelToolCalls, native: choiceNative } = decodeToolChoice(body);
  return {
    model,
    stream: booleanField(body, "stream", "") ?? false,
    system: decodeSystem(body["system"]),
    ...messages,
    continuesLastTurn: true,
    tools: (arrayField(body, "tools", "") ?? []).map((tool, i) => decodeTool(tool, `tools[${i}]`)),
    ...(toolChoice && { toolChoice }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(stop && { stop }),
    sampling: decodeSampling(body),
    ...(config.reasoning && { reasoning: config.reasoning }),
    ...(config.outputFormat && { outputFormat: config.outputFormat }),
    ...(endUser !== undefined && { endUser }),
    ...nativeOf({
      ...withoutNulls(leftover(body, KNOWN)),
      ...config.native,
      ...choiceNative,
      ...(Object.keys(metadataRest).length > 0 && { metadata: metadataRest }),
    }),
  };
}

/** @throws GatewayError `invalid-request` when the bytes are not one JSON object. */
function parseBody(bytes: Buffer): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(bytes.toString("utf8"));
  } catch {
    return refuse("", "The request body is not valid JSON.");
  }
  return objectAt(value, "");
}

function requiredInteger(object: JsonObject, key: string, path: string): number {
  return required(integerField, object, key, path);
}

function decodeSampling(body: JsonObject): Sampling {
  const temperature = numberField(body, "temperature", "");
  const topP = numberField(body, "top_p", "");
  const topK = integerField(body, "top_k", "");
  return { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { topP }), ...(topK !== undefined && { topK }) };
}

function decodeSystem(system: JsonValue | undefined): Item[] {
  if (system === undefined || system === null || system === "") return [];
  if (typeof system === "string") return [systemItem({ type: "text", text: system }, "system", BEFORE_TURNS)];
  if (!Array.isArray(system)) return refuse("system", "Input should be a valid string or list");
  return system.map((value: JsonValue, i) => {
    const path = `system[${i}]`;
    const block = objectAt(value, path);
    if (required(stringField, block, "type", path) !== "text") refuse(`${path}.type`, "Input should be 'text'");
    return systemItem(decodeBlock(block, path), path, BEFORE_TURNS);
  });
}

/** Claude Code's line about itself changes with every conversation, in older versions with every call (rule 352). */
function isClientMetadata(text: string): boolean {
  const line = text.trim();
  return line.startsWith("x-anthropic-billing-header:") && !line.includes("\n");
}

function systemItem(content: Content, path: string, turn: number): Item {
  const metadata = content.type === "text" && isClientMetadata(content.text);
  return { ...content, ...(metadata && { clientMetadata: true as const }), turn, path };
}

function decodeMessages(messages: readonly JsonValue[], sealer: StateSealer): { turns: Turn[]; items: Item[] } {
  if (messages.length === 0) refuse("messages", "at least one message is required");
  if (messages.length > MAX_MESSAGES) refuse("messages", `at most ${MAX_MESSAGES} messages are allowed`);
  const turns: Turn[] = [];
  const items: Item[] = [];
  for (const [i, value] of messages.entries()) {
    const path = `messages[${i}]`;
    const message = objectAt(value, path);
    const role = required(stringField, message, "role", path);
    if (role !== "user" && role !== "assistant" && role !== "system")
      refuse(`${path}.role`, "Input should be 'user', 'assistant' or 'system'");
    turns.push(decodeTurn(message, role, path));
    decodeTurnItems(message, role, i, path, sealer, items);
  }
  return { turns, items };
}

function decodeTurn(message: JsonObject, role: Turn["role"], path: string): Turn {
  const config = objectField(message, "output_config", path);
  const effort = effortOf(config?.["effort"]);
  const configRest = config && leftover(config, effort ? ["effort"] : []);
  const kept = configRest && Object.keys(configRest).length > 0 ? { output_config: configRest } : undefined;
  return { role, ...(effort && { effort }), ...nativeOf(leftover(message, ["role", "content", "output_config"], kept)) };
}

function decodeTurnItems(message: JsonObject, role: Turn["role"], turn: number, path: string, sealer: StateSealer, items: Item[]): void {
  const content = message["content"];
  if (typeof content === "string") {
    if (content !== "") {
      const item = { type: "text", text: content } as const;
      items.push(role === "system" ? systemItem(item, `${path}.content`, turn) : { ...item, turn, path: `${path}.content` });
    }
    return;
  }
  if (content === undefined || content === null) {
    if (role !== "system") refuse(`${path}.content`, "Field required");
    return;
  }
  if (!Array.isArray(content)) refuse(`${path}.content`, "Input should be a valid string or list");
  const carried = new CarriedState();
  for (const [k, value] of (content as readonly JsonValue[]).entries()) {
    const at = `${path}.content[${k}]`;
    const block = objectAt(value, at);
    const found = THINKING.has(block["type"]) ? decodeThinking(block, at, sealer, carried) : [carried.attach(decodeBlock(block, at))];
    for (const item of found) items.push(role === "system" ? systemItem(item, at, turn) : { ...item, turn, path: at });
  }
}

const THINKING: ReadonlySet<unknown> = new Set(["thinking", "redacted_thinking"]);

/** The items of a thinking block: none for a bare carrier, or for one whose state nobody can read. */
function decodeThinking(block: JsonObject, path: string, sealer: StateSealer, carried: CarriedState): Content[] {
  const redacted = block["type"] === "redacted_thinking";
  const key = redacted ? "data" : "signature";
  const text = redacted ? "" : required(stringField, block, "thinking", path);
  const opened = openState(stringField(block, key, path) ?? "", redacted ? "redacted-thinking" : "thinking", sealer);
  const own = opened?.binds === "self" ? unpackState(opened.state) : undefined;
  const alone = opened ? carried.take(opened) : [];
  if (text === "" && !own) return alone;
  const shown: Content = {
    type: "reasoning",
    text: text === "" ? (own?.text ?? "") : text,
    ...(own && { state: own.state }),
    ...annotations(block, ["thinking", "signature", "data"]),
  };
  return [shown, ...alone];
}

function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
