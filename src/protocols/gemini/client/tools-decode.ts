/** `tools` and `toolConfig` to the neutral form (dossier A.4.2, B.0.4, B.10; rules 228, 443). */
import type { HostedToolKind, Tool, ToolChoice } from "../../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import { listField, message, messageAt, messageField, objectField, refuse, stringField, under } from "../fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { decodeJsonSchema, decodeSchema } from "./schema-decode.ts";

/** What a request says about tools. */
export interface DecodedTools {
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** What is left of `toolConfig`. */
  readonly toolConfig?: JsonObject;
}

const HOSTED: ReadonlyMap<string, HostedToolKind> = new Map<string, HostedToolKind>([
  ["googleSearch", "web-search"],
  ["googleSearchRetrieval", "web-search"],
  ["enterpriseWebSearch", "web-search"],
  ["urlContext", "web-fetch"],
  ["codeExecution", "code-execution"],
  ["mcpServers", "mcp"],
]);

/** @throws GatewayError `invalid-request`, naming the field. */
export function decodeTools(body: JsonObject): DecodedTools {
  const config = messageField(body, "toolConfig", "") ?? {};
  const calling = messageField(config, "functionCallingConfig", "toolConfig") ?? {};
  const choice = decodeChoice(calling);
  const tools = (listField(body, "tools", "") ?? []).flatMap((entry, i) => decodeEntry(entry, `tools[${i}]`, choice.strict));
  const callingRest = leftover(calling, choice.known);
  const rest = {
    ...leftover(config, ["functionCallingConfig"]),
    ...(Object.keys(callingRest).length > 0 && { functionCallingConfig: callingRest }),
  };
  return {
    tools,
    ...(choice.toolChoice && { toolChoice: choice.toolChoice }),
    ...(Object.keys(rest).length > 0 && { toolConfig: rest }),
  };
}

/** One entry of `tools`: functions, and tools the provider runs, in any number. */
function decodeEntry(value: JsonValue, path: string, strict: boolean): Tool[] {
  const entry = messageAt(value, path);
  return Object.keys(entry).flatMap((key): Tool[] => {
    const settings = entry[key];
    if (settings === undefined || settings === null) return [];
    if (key === "functionDeclarations") {
      const declarations = listField(entry, key, path) ?? [];
      return declarations.map((declaration, k) => decodeFunction(declaration, `${path}.functionDeclarations[${k}]`, strict));
    }
    // What is no object declares nothing: most likely a function, outside of the list that they stand in.
    if (typeof settings !== "object")
      refuse(path, `Invalid JSON payload received. Unknown name "${key}" at '${path}': functions stand in 'functionDeclarations'.`);
    return [decodeHosted(key, settings, path)];
  });
}

function decodeFunction(value: JsonValue, path: string, strict: boolean): Tool {
  const declaration = messageAt(value, path);
  const description = stringField(declaration, "description", path);
  const parameters = objectField(declaration, "parameters", path);
  const jsonSchema = objectField(declaration, "parametersJsonSchema", path);
  return {
    type: "function",
    path,
    name:
      stringField(declaration, "name", path) || refuse(under(path, "name"), `${path}.name: Invalid function name. It must not be empty.`),
    ...(description !== undefined && { description }),
    inputSchema: jsonSchema ? decodeJsonSchema(jsonSchema) : parameters ? decodeSchema(parameters) : { type: "object", properties: {} },
    ...(strict && { strict }),
    // The schema in Google's own dialect stays as it was for Google's models.
    ...nativeOf(leftover(declaration, ["name", "description", "parametersJsonSchema"])),
  };
}

function decodeHosted(key: string, value: JsonValue, path: string): Tool {
  const settings = asObject(value) ?? {};
  const native = nativeOf({ [key]: value });
  const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  // Google's browser is run by the client, on calls of functions that only Google's models know.
  if (key === "computerUse") return { type: "client", path, name, vendorType: key, settings, ...native };
  return { type: "hosted", path, kind: HOSTED.get(key) ?? "other", name, settings: message(settings), ...native };
}

interface DecodedChoice {
  readonly toolChoice?: ToolChoice;
  readonly strict: boolean;
  /** The fields that it says. */
  readonly known: readonly string[];
}

const KNOWN = ["mode", "allowedFunctionNames"];

function decodeChoice(calling: JsonObject): DecodedChoice {
  const path = "toolConfig.functionCallingConfig";
  const mode = stringField(calling, "mode", path)?.toUpperCase();
  const names = (listField(calling, "allowedFunctionNames", path) ?? []).filter((name) => typeof name === "string");
  const [only, ...others] = names;
  switch (mode) {
    case "AUTO":
      return { toolChoice: { mode: "auto" }, strict: false, known: ["mode"] };
    case "NONE":
      return { toolChoice: { mode: "none" }, strict: false, known: ["mode"] };
    case "ANY":
      if (only === undefined) return { toolChoice: { mode: "required" }, strict: false, known: KNOWN };
      if (others.length === 0) return { toolChoice: { mode: "tool", name: only }, strict: false, known: KNOWN };
      return { toolChoice: { mode: "subset", names, required: true }, strict: false, known: KNOWN };
    case "VALIDATED":
      if (only === undefined) return { toolChoice: { mode: "auto" }, strict: true, known: KNOWN };
      return { toolChoice: { mode: "subset", names, required: false }, strict: true, known: KNOWN };
    case undefined:
    case "MODE_UNSPECIFIED":
      return { strict: false, known: ["mode"] };
    default:
      return refuse(
        `${path}.mode`,
        `Invalid value at '${path}.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode)`,
      );
  }
}
