/**
 * Tools and the choice among them (dossier A.4.2, B.0.4). Functions are declared in the caller's order, and deferred ones
 * behind them in the order in which they were first named, so that a tool that is loaded moves no other (rules 6, 408).
 */
import type { ChatRequest, Tool, ToolChoice } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { FREE_TEXT_SCHEMA, freeTextDescription } from "../../shared/call-input.ts";
import { declareClientTool } from "../../shared/client-tools.ts";
import { recordNamespace } from "../../shared/namespaces.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { offeredTools } from "../../shared/offered-tools.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { encodeHostedTools } from "./hosted-tools.ts";
import { wireName } from "./names.ts";
import { ownFields } from "../native.ts";
import { lowerToolSchema } from "./openapi-schema.ts";
import { cleanToolSchema } from "./schema.ts";

/** More declarations than this are refused (rule 122). */
const MAX_DECLARATIONS = 512;

/** What a request says about tools. */
export interface EncodedTools {
  readonly tools?: readonly JsonObject[];
  readonly toolConfig?: JsonObject;
}

/** @throws GatewayError `invalid-request` for more tools than Gemini takes. */
export function encodeTools(request: ChatRequest, target: EncodeTarget): EncodedTools {
  const offered = offeredTools(request);
  const declarations = offered.flatMap((tool) => encodeDeclaration(tool, target));
  if (declarations.length > MAX_DECLARATIONS) {
    throw new GatewayError("invalid-request", `The request has ${declarations.length} tools; this model takes ${MAX_DECLARATIONS}.`, {
      field: "tools",
    });
  }
  const forced = request.toolChoice?.mode === "tool" ? request.toolChoice.name : undefined;
  const hosted = encodeHostedTools(request.tools, declarations.length > 0, forced, target);
  // Functions may grow in number while a conversation goes on; the vendor's own tools do not.
  const tools = [...hosted, ...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : [])];
  const strict = offered.some((tool) => tool.type === "function" && tool.strict === true);
  const names = new Set(declarations.map((declaration) => declaration["name"] as string));
  const toolConfig = encodeToolConfig(request, names, strict, hosted.length > 0, target);
  return { ...(tools.length > 0 && { tools }), ...(toolConfig && { toolConfig }) };
}

function encodeDeclaration(tool: Tool, target: EncodeTarget): JsonObject[] {
  recordNative(tool.native, tool.path, "gemini", target.losses);
  recordNamespace(tool, target.losses);
  if (tool.cache) target.losses.add("cache-mark", tool.path, "info");
  switch (tool.type) {
    case "function":
      return [declare(tool, tool.description, tool.inputSchema, target)];
    case "custom":
      return [declare(tool, freeTextDescription(tool, target.losses), FREE_TEXT_SCHEMA, target)];
    case "client": {
      // Google's own stand beside the functions.
      if (ownFields(tool.native)) return [];
      const declaration = declareClientTool(tool.vendorType, tool.settings);
      if (declaration) return [declare(tool, declaration.description, declaration.inputSchema, target)];
      target.losses.add("client-tool", tool.path, "contract");
      return [];
    }
    case "hosted":
      return [];
  }
}

function declare(tool: Tool, description: string | undefined, inputSchema: JsonObject, { profile, losses }: EncodeTarget): JsonObject {
  const own = ownFields(tool.native);
  const openApi = profile.toolSchema === "openapi";
  const lowered = openApi ? lowerToolSchema(inputSchema) : cleanToolSchema(inputSchema);
  if (lowered?.worded === true) losses.add("schema-keyword", `${tool.path}.input_schema`, "info");
  return {
    name: wireName(tool.name),
    description: description ?? "",
    ...(lowered && !own?.["parameters"] && (openApi ? { parameters: lowered.schema } : { parametersJsonSchema: lowered.schema })),
    ...own,
  };
}

function encodeToolConfig(
  request: ChatRequest,
  names: ReadonlySet<string>,
  strict: boolean,
  hosted: boolean,
  { profile, losses }: EncodeTarget,
): JsonObject | undefined {
  if (request.parallelToolCalls === false && names.size > 0) losses.add("parallel-tool-calls", "tool_choice", "semantic");
  const choice = request.toolChoice;
  if (names.size === 0) {
    if (choice && choice.mode !== "auto" && choice.mode !== "none")
      losses.add("tool-choice", "tool_choice", hosted ? "semantic" : "contract");
    return undefined;
  }
  const functionCallingConfig = encodeChoice(choice, names, strict || hosted) ?? {};
  if (choice && "names" in choice && choice.names.some((name) => !names.has(wireName(name))))
    losses.add("tool-choice", "tool_choice", "semantic");
  if (choice?.mode === "tool" && !names.has(wireName(choice.name))) losses.add("tool-choice", "tool_choice", "contract");
  const config: JsonObject = {
    ...(Object.keys(functionCallingConfig).length > 0 && { functionCallingConfig }),
    // Hosted tools beside functions need it, and their calls then come as parts (rule 230).
    ...(hosted && profile.showsHostedCalls && { includeServerSideToolInvocations: true }),
  };
  return Object.keys(config).length > 0 ? config : undefined;
}

/** @param validated whether a free choice must still keep to the schemas: strict tools, or hosted ones beside functions. */
function encodeChoice(choice: ToolChoice | undefined, names: ReadonlySet<string>, validated: boolean): JsonObject | undefined {
  const free = validated ? { mode: "VALIDATED" } : undefined;
  switch (choice?.mode) {
    case undefined:
      return free;
    case "auto":
      return free ?? { mode: "AUTO" };
    case "none":
      return { mode: "NONE" };
    case "required":
      return { mode: "ANY" };
    case "tool":
      return names.has(wireName(choice.name)) ? { mode: "ANY", allowedFunctionNames: [wireName(choice.name)] } : free;
    case "subset": {
      const allowedFunctionNames = choice.names.map(wireName).filter((name) => names.has(name));
      return allowedFunctionNames.length > 0 ? { mode: choice.required ? "ANY" : "VALIDATED", allowedFunctionNames } : free;
    }
  }
}
