/** The kinds of items that a Responses request may hold, and OpenAI's rules for each alone (dossier A.3.1). */
import { fieldsOf, isFields, listOf, textOf, type Fields } from "./json-values.ts";
import { checkBase64, checkFileData, checkImageUrl } from "./openai-media.ts";
import { checkLength, checkName, emptyArray, emptyString, missing, unsupportedValue, wrong, wrongType } from "./openai-refusals.ts";
import { readObject, type ObjectName } from "./responses-fields.ts";
import { readTools } from "./responses-tools.ts";

/** What the rules know of an item's type. */
interface ItemKind {
  readonly object: ObjectName;
  /** How ids of such items begin. */
  readonly prefix?: string;
  readonly required: readonly string[];
  /** Whether the model makes such items. */
  readonly made?: true;
}

const CALL_ID_LENGTH = 64;
const ID_LENGTH = 64;
const ROLES = ["assistant", "system", "developer", "user"];
const STATUSES = ["in_progress", "completed", "incomplete"];
const INPUT_PARTS = ["input_text", "input_image", "input_file", "input_audio"];
const OUTPUT_PARTS = ["output_text", "refusal"];

const ITEMS: Readonly<Record<string, ItemKind>> = {
  reasoning: { object: "ReasoningItem", prefix: "rs", required: ["summary"], made: true },
  function_call: { object: "FunctionCall", prefix: "fc", required: ["call_id", "name", "arguments"], made: true },
  function_call_output: { object: "FunctionCallOutput", required: ["output"] },
  custom_tool_call: { object: "CustomToolCall", prefix: "ctc", required: ["call_id", "name", "input"], made: true },
  custom_tool_call_output: { object: "CustomToolCallOutput", required: ["call_id", "output"] },
  tool_search_call: { object: "ToolSearchCall", prefix: "tsc", required: ["arguments"], made: true },
  tool_search_output: { object: "ToolSearchOutput", required: ["tools"] },
  local_shell_call: { object: "LocalShellCall", prefix: "lsh", required: ["call_id", "action"], made: true },
  local_shell_call_output: { object: "LocalShellCallOutput", required: ["output"] },
  shell_call: { object: "ShellCall", prefix: "sh", required: ["call_id", "action"], made: true },
  shell_call_output: { object: "ShellCallOutput", required: ["call_id", "output"] },
  apply_patch_call: { object: "ApplyPatchCall", prefix: "apc", required: ["call_id", "operation", "status"], made: true },
  apply_patch_call_output: { object: "ApplyPatchCallOutput", required: ["call_id", "status"] },
  computer_call: { object: "ComputerCall", prefix: "cu", required: ["call_id"], made: true },
  computer_call_output: { object: "ComputerCallOutput", required: ["call_id", "output"] },
  web_search_call: { object: "WebSearchCall", prefix: "ws", required: ["id"], made: true },
  file_search_call: { object: "FileSearchCall", prefix: "fs", required: ["id", "queries"], made: true },
  code_interpreter_call: { object: "CodeInterpreterCall", prefix: "ci", required: ["id", "container_id"], made: true },
  image_generation_call: { object: "ImageGenerationCall", prefix: "ig", required: ["id"], made: true },
  mcp_list_tools: { object: "McpListTools", prefix: "mcpl", required: ["id", "server_label", "tools"], made: true },
  mcp_approval_request: { object: "McpApprovalRequest", prefix: "mcpr", required: ["id", "server_label", "name", "arguments"], made: true },
  mcp_approval_response: { object: "McpApprovalResponse", required: ["approval_request_id", "approve"] },
  mcp_call: { object: "McpCall", prefix: "mcp", required: ["id", "server_label", "name", "arguments"], made: true },
  additional_tools: { object: "AdditionalTools", required: ["role", "tools"] },
  configuration_update: { object: "ConfigurationUpdate", required: [] },
  compaction: { object: "Compaction", required: ["encrypted_content"] },
  compaction_trigger: { object: "CompactionTrigger", required: [] },
  item_reference: { object: "ItemReference", required: ["id"] },
  program: { object: "Program", prefix: "cm", required: ["call_id", "code", "fingerprint"], made: true },
  program_output: { object: "ProgramOutput", prefix: "cmo", required: ["call_id", "result"], made: true },
};
const OBJECT_OF_PART: Readonly<Record<string, ObjectName>> = {
  input_text: "InputText",
  input_image: "InputImage",
  input_file: "InputFile",
  input_audio: "InputAudio",
  output_text: "OutputText",
  refusal: "Refusal",
};

/** Whether the model made the item: what its reasoning may belong to. */
export function isMade(item: Fields): boolean {
  return typeOf(item) === "message" ? item["role"] === "assistant" : ITEMS[typeOf(item)]?.made === true;
}

/** The item's type; easy forms leave it out. */
export function typeOf(item: Fields): string {
  return textOf(item["type"]) || (item["role"] === undefined && item["id"] !== undefined ? "item_reference" : "message");
}

/** The checked item, without its nulls and with its type. */
export function readItem(value: unknown, path: string): Fields {
  if (!isFields(value)) throw wrongType(path, "an object", value);
  const type = typeOf(value);
  if (type === "message") return readMessage(value, path);
  const kind = ITEMS[type];
  if (kind === undefined) throw unsupportedValue(type, ["message", ...Object.keys(ITEMS)], path);
  const item: Fields = { ...readObject(value, kind.object, path), type };
  for (const name of kind.required) if (item[name] === undefined) throw missing(`${path}.${name}`);
  checkIds(item, kind.prefix, path);
  checkContents(item, type, path);
  return item;
}

function readMessage(value: Fields, path: string): Fields {
  const role = value["role"];
  if (role === undefined) throw missing(`${path}.role`);
  if (!ROLES.includes(textOf(role))) throw unsupportedValue(textOf(role), ROLES, path);
  const item: Fields = { ...readObject(value, role === "assistant" ? "Answer" : "Instruction", path), type: "message" };
  checkIds(item, "msg", path);
  if (item["content"] === undefined) throw missing(`${path}.content`);
  checkParts(item["content"], role === "assistant" ? OUTPUT_PARTS : INPUT_PARTS, `${path}.content`);
  const phase = item["phase"];
  if (phase !== undefined && phase !== "commentary" && phase !== "final_answer")
    throw unsupportedValue(textOf(phase), ["commentary", "final_answer"], `${path}.phase`);
  return item;
}

function checkIds(item: Fields, prefix: string | undefined, path: string): void {
  const { id, call_id: callId, status } = item;
  if (id !== undefined) {
    const text = textOf(id);
    if (text === "") throw emptyString(`${path}.id`);
    checkLength(text, ID_LENGTH, `${path}.id`);
    if (prefix !== undefined && !text.startsWith(prefix))
      throw wrong(`Invalid '${path}.id': '${text}'. Expected an ID that begins with '${prefix}'.`, `${path}.id`, "invalid_value");
  }
  if (callId !== undefined) {
    if (callId === "") throw emptyString(`${path}.call_id`);
    checkLength(textOf(callId), CALL_ID_LENGTH, `${path}.call_id`);
  }
  const statuses = item["type"] === "apply_patch_call_output" ? ["completed", "failed"] : STATUSES;
  const hosted = /^(?:web_search|file_search|code_interpreter|image_generation|mcp)_call$/.test(textOf(item["type"]));
  if (status !== undefined && !hosted && !statuses.includes(textOf(status)))
    throw unsupportedValue(textOf(status), statuses, `${path}.status`);
}

function checkContents(item: Fields, type: string, path: string): void {
  if (item["name"] !== undefined && type.endsWith("_call") && type !== "mcp_call") checkName(textOf(item["name"]), `${path}.name`);
  if (item["namespace"] !== undefined) checkName(textOf(item["namespace"]), `${path}.namespace`);
  if (type === "function_call_output" || type === "custom_tool_call_output") checkOutput(item, path);
  if (type === "local_shell_call_output" && item["call_id"] === undefined && item["id"] === undefined) throw missing(`${path}.id`);
  if (type === "additional_tools" && item["role"] !== "developer")
    throw unsupportedValue(textOf(item["role"]), ["developer"], `${path}.role`);
  if (type === "additional_tools" || type === "tool_search_output") readTools(item["tools"], `${path}.tools`);
  const execution = item["execution"];
  if (execution !== undefined && execution !== "client" && execution !== "server")
    throw unsupportedValue(textOf(execution), ["server", "client"], `${path}.execution`);
}

function checkOutput(item: Fields, path: string): void {
  if (item["type"] === "function_call_output" && item["call_id"] === undefined && item["name"] === undefined)
    throw missing(`${path}.call_id`);
  checkParts(item["output"], ["input_text", "input_image", "input_file"], `${path}.output`);
}

function checkParts(content: unknown, allowed: readonly string[], path: string): void {
  if (typeof content === "string") return;
  if (!Array.isArray(content)) throw wrongType(path, "one of a string or array of objects", content);
  if (content.length === 0 && !allowed.includes("output_text")) throw emptyArray(path);
  for (const [index, part] of content.entries()) checkPart(part, allowed, `${path}[${index}]`);
}

function checkPart(value: unknown, allowed: readonly string[], path: string): void {
  if (fieldsOf(value)["type"] === undefined) throw missing(`${path}.type`);
  const type = textOf(fieldsOf(value)["type"]);
  if (!allowed.includes(type)) throw unsupportedValue(type, allowed, path);
  const part = readObject(value, OBJECT_OF_PART[type] as ObjectName, path);
  switch (type) {
    case "input_text":
    case "output_text":
      if (part["text"] === undefined) throw missing(`${path}.text`);
      return;
    case "refusal":
      if (part["refusal"] === undefined) throw missing(`${path}.refusal`);
      return;
    case "input_image":
      checkImage(part, path);
      return;
    case "input_file":
      checkFile(part, path);
      return;
    case "input_audio":
      checkBase64(textOf(fieldsOf(part["input_audio"])["data"]), `${path}.input_audio.data`);
  }
}

function checkImage(part: Fields, path: string): void {
  const { image_url: url, file_id: file, detail } = part;
  if (url === undefined && file === undefined) throw missing(`${path}.image_url`);
  if (detail !== undefined && !["low", "high", "auto", "original"].includes(textOf(detail)))
    throw unsupportedValue(textOf(detail), ["low", "high", "auto", "original"], `${path}.detail`);
  if (url !== undefined) checkImageUrl(textOf(url), `${path}.image_url`);
}

function checkFile(part: Fields, path: string): void {
  const given = ["file_data", "file_id", "file_url"].filter((name) => part[name] !== undefined);
  if (given.length === 0) throw missing(`${path}.file_id`);
  if (part["file_data"] === undefined) return;
  if (part["filename"] === undefined) throw missing(`${path}.filename`);
  checkFileData(textOf(part["file_data"]), `${path}.file_data`);
}

/** The texts of an item's content or output. */
export function textsOf(content: unknown): readonly string[] {
  if (typeof content === "string") return [content];
  return listOf(content)
    .map(fieldsOf)
    .flatMap((part) => (typeof part["text"] === "string" ? [part["text"]] : []));
}
