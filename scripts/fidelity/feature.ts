/**
 * What callers can ask for, in the words of each client protocol: the rows of the table in `docs/fidelity.md`. Each is
 * sent through the real decoders and encoders, so the table says what they do. Here: what the rows are made of.
 */
import type { JsonObject } from "../../src/chat/json.ts";
import type { ProtocolId } from "../../src/chat/chat.ts";

/** A request that holds one feature; a protocol that has no word for it has no entry. */
export interface Feature {
  readonly name: string;
  readonly bodies: Readonly<Partial<Record<ProtocolId, JsonObject>>>;
}

export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
export const PDF = "JVBERi0xLjQKJUVPRgo=";
export const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEA";
export const SCHEMA: JsonObject = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

type Block = JsonObject;
export const messages = (content: readonly Block[] | string, more: JsonObject = {}): JsonObject => ({
  messages: [{ role: "user", content }],
  ...more,
});
export const chat = (content: readonly Block[] | string, more: JsonObject = {}): JsonObject => ({
  messages: [{ role: "user", content }],
  ...more,
});
/** @param content the content of one user message. */
export const responses = (content: readonly Block[] | string, more: JsonObject = {}): JsonObject => ({
  input: [{ role: "user", content }],
  ...more,
});
export const gemini = (parts: readonly Block[], more: JsonObject = {}): JsonObject => ({ contents: [{ role: "user", parts }], ...more });
export const config = (generationConfig: JsonObject): JsonObject => gemini([{ text: "hi" }], { generationConfig });

export const messagesTool: JsonObject = { name: "weather", description: "Tells the weather.", input_schema: SCHEMA };
export const chatTool: JsonObject = {
  type: "function",
  function: { name: "weather", description: "Tells the weather.", parameters: SCHEMA },
};
export const responsesTool: JsonObject = {
  type: "function",
  name: "weather",
  description: "Tells the weather.",
  parameters: SCHEMA,
  strict: false,
};
const geminiTool: JsonObject = {
  functionDeclarations: [{ name: "weather", description: "Tells the weather.", parametersJsonSchema: SCHEMA }],
};
export const messagesTools = (more: JsonObject = {}): JsonObject => messages("hi", { tools: [messagesTool], ...more });
export const chatTools = (more: JsonObject = {}): JsonObject => chat("hi", { tools: [chatTool], ...more });
export const responsesTools = (more: JsonObject = {}): JsonObject => responses("hi", { tools: [responsesTool], ...more });
export const geminiTools = (functionCallingConfig?: JsonObject): JsonObject =>
  gemini([{ text: "hi" }], { tools: [geminiTool], ...(functionCallingConfig && { toolConfig: { functionCallingConfig } }) });

export const messagesResult = (content: readonly Block[], more: JsonObject = {}): JsonObject => ({
  tools: [messagesTool],
  messages: [
    { role: "user", content: "hi" },
    { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content, ...more }] },
  ],
});
export const responsesResult = (output: readonly Block[] | string): JsonObject => ({
  tools: [responsesTool],
  input: [
    { role: "user", content: "hi" },
    { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Oslo"}' },
    { type: "function_call_output", call_id: "call_1", output },
  ],
});
export const geminiResult = (functionResponse: JsonObject): JsonObject => ({
  tools: [geminiTool],
  contents: [
    { role: "user", parts: [{ text: "hi" }] },
    { role: "model", parts: [{ functionCall: { id: "call_1", name: "weather", args: { city: "Oslo" } } }] },
    { role: "user", parts: [{ functionResponse: { id: "call_1", name: "weather", ...functionResponse } }] },
  ],
});
export const image: Block = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } };
export const document: Block = { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } };
export const inputImage: Block = { type: "input_image", image_url: `data:image/png;base64,${PNG}` };
export const inputFile: Block = { type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` };
