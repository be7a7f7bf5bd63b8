/** OpenAI's rules for the messages of a request (dossier A.2.1). Each throws the vendor's 400. */
import { readObject, type ObjectName } from "./chat-fields.ts";
import { fieldsOf, listOf, textOf, type Fields } from "./json-values.ts";
import { checkBase64, checkFileData, checkImageUrl } from "./openai-media.ts";
import { modelFacts } from "./openai-models.ts";
import { checkLength, checkName, emptyArray, missing, unmatched, unsupportedValue, wrong, wrongType } from "./openai-refusals.ts";

const OBJECT_OF_ROLE: Readonly<Record<string, ObjectName>> = {
  system: "Instruction",
  developer: "Instruction",
  user: "User",
  assistant: "Assistant",
  tool: "ToolMessage",
  function: "FunctionMessage",
};
const PARTS_OF_ROLE: Readonly<Record<string, readonly string[]>> = {
  system: ["text"],
  developer: ["text"],
  user: ["text", "image_url", "input_audio", "file"],
  assistant: ["text", "refusal"],
  tool: ["text"],
  function: [],
};
const OBJECT_OF_PART: Readonly<Record<string, ObjectName>> = {
  text: "TextPart",
  image_url: "ImagePart",
  input_audio: "AudioPart",
  file: "FilePart",
  refusal: "RefusalPart",
};

const MESSAGE_NAME = /^[^\s<|\\/>]+$/;
const CALL_ID_LENGTH = 64;

/** The checked messages of a body, without their nulls; whether their reasoning is genuine is for `chat-binding.ts` to say. */
export function readMessages(body: Fields, model: string): readonly Fields[] {
  const given = body["messages"];
  if (given === undefined) throw missing("messages");
  if (listOf(given).length === 0) throw emptyArray("messages");
  const messages = listOf(given).map((message, index) => readMessage(message, index, model));
  checkAnswers(messages);
  return messages;
}

function readMessage(value: unknown, index: number, model: string): Fields {
  const path = `messages[${index}]`;
  const role = textOf(fieldsOf(value)["role"]);
  const object = OBJECT_OF_ROLE[role];
  if (object === undefined) {
    if (fieldsOf(value)["role"] === undefined) throw missing(`${path}.role`);
    throw unsupportedValue(role, ["system", "assistant", "user", "function", "tool", "developer"], `${path}.role`);
  }
  const message = readObject(value, object === "Assistant" && modelFacts(model).showsReasoning ? "Reasoner" : object, path);
  const name = message["name"];
  if (name !== undefined && role !== "function" && !MESSAGE_NAME.test(textOf(name))) throw unmatched(`${path}.name`, MESSAGE_NAME);
  checkContent(message, role, path);
  if (role === "assistant") checkAssistant(message, path);
  if (role === "tool" && message["tool_call_id"] === undefined) throw missing(`${path}.tool_call_id`);
  if (role === "function" && message["name"] === undefined) throw missing(`${path}.name`);
  return message;
}

function checkContent(message: Fields, role: string, path: string): void {
  const content = message["content"];
  const at = `${path}.content`;
  if (content === undefined) {
    const spares = role === "assistant" && ["tool_calls", "function_call", "refusal", "audio"].some((name) => message[name] !== undefined);
    if (spares || role === "function") return;
    throw wrong("Invalid value for 'content': expected a string, got null.", at.replace("[", ".["));
  }
  if (typeof content === "string") return;
  if (!Array.isArray(content)) throw wrongType(at, "one of a string or array of objects", content);
  if (content.length === 0) throw emptyArray(at);
  for (const [position, part] of content.entries()) checkPart(part, role, `${at}[${position}]`);
}

function checkPart(value: unknown, role: string, path: string): void {
  const type = fieldsOf(value)["type"];
  if (type === undefined) throw missing(`${path}.type`);
  const allowed = PARTS_OF_ROLE[role] ?? [];
  if (!allowed.includes(textOf(type))) throw unsupportedValue(textOf(type), allowed, `${path}.type`);
  const part = readObject(value, OBJECT_OF_PART[textOf(type)] as ObjectName, path);
  const member = textOf(type);
  if (part[member] === undefined) throw missing(`${path}.${member}`);
  if (type === "image_url") checkImage(fieldsOf(part["image_url"]), `${path}.image_url`);
  if (type === "input_audio") checkAudio(fieldsOf(part["input_audio"]), `${path}.input_audio`);
  if (type === "file") checkFile(fieldsOf(part["file"]), `${path}.file`);
}

function checkImage(image: Fields, path: string): void {
  if (image["url"] === undefined) throw missing(`${path}.url`);
  const url = textOf(image["url"]);
  const detail = image["detail"];
  if (detail !== undefined && !["low", "high", "auto", "original"].includes(textOf(detail)))
    throw unsupportedValue(textOf(detail), ["low", "high", "auto", "original"], `${path}.detail`);
  checkImageUrl(url, `${path}.url`);
}

function checkAudio(audio: Fields, path: string): void {
  if (audio["data"] === undefined) throw missing(`${path}.data`);
  const format = audio["format"];
  if (format === undefined) throw missing(`${path}.format`);
  if (format !== "wav" && format !== "mp3") throw unsupportedValue(textOf(format), ["wav", "mp3"], `${path}.format`);
  checkBase64(textOf(audio["data"]), `${path}.data`);
}

function checkFile(file: Fields, path: string): void {
  const data = file["file_data"];
  if (data === undefined && file["file_id"] === undefined) throw missing(`${path}.file_id`);
  if (data === undefined) return;
  if (file["filename"] === undefined) throw missing(`${path}.filename`);
  checkFileData(textOf(data), `${path}.file_data`);
}

function checkAssistant(message: Fields, path: string): void {
  const calls = message["tool_calls"];
  if (calls !== undefined && listOf(calls).length === 0) throw emptyArray(`${path}.tool_calls`);
  for (const [index, call] of listOf(calls).map(fieldsOf).entries()) checkCall(call, `${path}.tool_calls[${index}]`);
  if (message["function_call"] !== undefined) checkCalled(fieldsOf(message["function_call"]), "arguments", `${path}.function_call`);
}

function checkCall(call: Fields, path: string): void {
  const id = call["id"];
  if (id === undefined) throw missing(`${path}.id`);
  checkLength(textOf(id), CALL_ID_LENGTH, `${path}.id`);
  const type = call["type"];
  if (type === undefined) throw missing(`${path}.type`);
  if (type !== "function" && type !== "custom") throw unsupportedValue(textOf(type), ["function", "custom"], `${path}.type`);
  if (call[type] === undefined) throw missing(`${path}.${type}`);
  checkCalled(fieldsOf(call[type]), type === "function" ? "arguments" : "input", `${path}.${type}`);
}

function checkCalled(called: Fields, input: "arguments" | "input", path: string): void {
  if (called["name"] === undefined) throw missing(`${path}.name`);
  checkName(textOf(called["name"]), `${path}.name`);
  if (called[input] === undefined) throw missing(`${path}.${input}`);
}

/** Every call is answered before anything else comes, and nothing answers what was not called. */
function checkAnswers(messages: readonly Fields[]): void {
  let open: string[] = [];
  let called: string[] = [];
  for (const [index, message] of messages.entries()) {
    if (message["role"] === "tool") {
      const id = textOf(message["tool_call_id"]);
      if (called.length === 0) {
        throw wrong(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${index}].role`,
        );
      }
      if (!called.includes(id)) {
        throw wrong(
          `Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`,
          `messages.[${index}].tool_call_id`,
        );
      }
      open = open.filter((other) => other !== id);
      continue;
    }
    if (open.length > 0) throw unanswered(open, index);
    called = message["role"] === "assistant" ? listOf(message["tool_calls"]).map((call) => textOf(fieldsOf(call)["id"])) : [];
    open = called;
  }
  if (open.length > 0) throw unanswered(open, messages.length);
}

function unanswered(ids: readonly string[], index: number): Error {
  return wrong(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(", ")}`,
    `messages.[${index}].role`,
  );
}
