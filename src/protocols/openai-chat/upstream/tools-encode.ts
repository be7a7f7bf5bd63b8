/** Tools and the choice among them (A.2.1, B.0.4), in the caller's order, loaded ones last (rules 6, 408). */
import type { ChatRequest, Tool } from "../../../chat/chat.ts";
import { asObject, type JsonObject } from "../../../chat/json.ts";
import { FREE_TEXT_SCHEMA, freeTextDescription } from "../../shared/call-input.ts";
import { declareClientTool } from "../../shared/client-tools.ts";
import { recordSettings } from "../../shared/hosted-settings.ts";
import { legalName } from "../../shared/legal-names.ts";
import { recordNamespace } from "../../shared/namespaces.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { offeredTools } from "../../shared/offered-tools.ts";
import { encodeParallel, encodeToolChoice, recordChoice, type ChoiceWords } from "../../shared/openai-tool-choice.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { dialectOf } from "./default-dialect.ts";
import { ownFields } from "../native.ts";
import { isStrict, lowerToolSchema } from "../../shared/openai-schemas.ts";
import { NAME_LAW, PROTOCOL } from "../wire.ts";

/** What a request says about tools. */
export interface EncodedTools {
  readonly tools?: readonly JsonObject[];
  readonly tool_choice?: string | JsonObject;
  readonly parallel_tool_calls?: boolean;
  readonly web_search_options?: JsonObject;
}

/** @param reasoning whether the model will reason, beside which some cannot be made to call (rule 87). */
export function encodeTools(request: ChatRequest, reasoning: boolean, target: EncodeTarget): EncodedTools {
  const offered = offeredTools(request);
  const tools = offered.flatMap((tool) => encodeTool(tool, target));
  if (tools.length > (dialectOf(target).mostTools ?? Infinity)) target.losses.add("many-tools", "tools", "info");
  const forced = request.toolChoice?.mode === "tool" ? request.toolChoice.name : undefined;
  const search = encodeSearch(offered, tools.length > 0, forced, target);
  if (tools.length === 0) recordChoice(request, search !== undefined, target.losses);
  return {
    ...(tools.length > 0 && {
      tools,
      ...encodeToolChoice(request, reasoning, target, choiceWords(tools, target)),
      ...encodeParallel(request, dialectOf(target).parallelToolCalls, target.losses),
    }),
    ...(search && { web_search_options: search }),
  };
}

function encodeTool(tool: Tool, target: EncodeTarget): JsonObject[] {
  if (tool.type !== "hosted") recordNative(tool.native, tool.path, PROTOCOL, target.losses);
  recordNamespace(tool, target.losses);
  if (tool.cache && !ownFields(tool.native)) target.losses.add("cache-mark", tool.path, "info");
  const { function: functionRest, custom: customRest, ...around } = ownFields(tool.native) ?? {};
  switch (tool.type) {
    case "function": {
      const { schema, lost } = lowerToolSchema(tool.inputSchema);
      if (lost) target.losses.add("tool-schema-flattened", `${tool.path}.input_schema`, "semantic");
      const fields = { ...describe(tool.name, tool.description, schema), ...encodeStrict(tool, schema, target) };
      return [{ type: "function", function: { ...fields, ...(functionRest as JsonObject | undefined) }, ...around }];
    }
    case "custom": {
      if (!dialectOf(target).customTools) {
        const description = freeTextDescription(tool, target.losses);
        return [{ type: "function", function: describe(tool.name, description, FREE_TEXT_SCHEMA) }];
      }
      const { name, description, format } = tool;
      const custom = {
        name: legalName(name, NAME_LAW),
        ...(description !== undefined && { description }),
        ...(format && { format: encodeGrammar(format) }),
      };
      return [{ type: "custom", custom: { ...custom, ...(customRest as JsonObject | undefined) }, ...around }];
    }
    case "client": {
      const declaration = declareClientTool(tool.vendorType, tool.settings);
      if (declaration) return [{ type: "function", function: describe(tool.name, declaration.description, declaration.inputSchema) }];
      target.losses.add("client-tool", tool.path, "contract");
      return [];
    }
    case "hosted":
      // A server's own tool in its own words; search is asked for beside the tools.
      return typeof around["type"] === "string" ? [{ ...tool.settings, ...around }] : [];
  }
}

/** Here a grammar stands inside its format. */
function encodeGrammar({ type, ...grammar }: JsonObject): JsonObject {
  return { type, ...(Object.keys(grammar).length > 0 && { grammar }) };
}

function describe(name: string, description: string | undefined, parameters: JsonObject): JsonObject {
  return { name: legalName(name, NAME_LAW), ...(description !== undefined && { description }), parameters };
}

/** A schema that does not keep the law of `strict` is refused with it (rule 118). */
function encodeStrict({ strict, path }: Extract<Tool, { type: "function" }>, schema: JsonObject, target: EncodeTarget): JsonObject {
  if (strict === undefined || (!strict && !dialectOf(target).strictFunctions)) return {};
  if (dialectOf(target).strictFunctions && (!strict || isStrict(schema))) return { strict };
  target.losses.add("strict-tool", `${path}.strict`, "semantic");
  return {};
}

/** Only models that search have a field for it; others must not seem to have searched (rule 223). */
function encodeSearch(
  tools: readonly Tool[],
  besideFunctions: boolean,
  forced: string | undefined,
  target: EncodeTarget,
): JsonObject | undefined {
  let options: JsonObject | undefined;
  for (const tool of tools) {
    if (tool.type !== "hosted" || tool.kind === "tool-search" || typeof ownFields(tool.native)?.["type"] === "string") continue;
    const own = ownFields(tool.native) !== undefined;
    if (tool.kind !== "web-search" || (target.profile.webSearch !== true && !own)) {
      // Alone it is what the whole request is for.
      const wanted = forced === tool.name || !besideFunctions;
      target.losses.add("hosted-tool", tool.path, wanted ? "contract" : "semantic");
      continue;
    }
    options = own ? tool.settings : encodeSearchSettings(tool, target);
  }
  return options;
}

function encodeSearchSettings(tool: Extract<Tool, { type: "hosted" }>, { losses }: EncodeTarget): JsonObject {
  recordSettings(tool, losses, ["user_location"]);
  const location = asObject(tool.settings["user_location"]);
  if (!location) return {};
  const { type: _type, ...approximate } = location;
  return { user_location: { type: "approximate", approximate } };
}

function choiceWords(tools: readonly JsonObject[], target: EncodeTarget): ChoiceWords {
  const named = (type: "function" | "custom") => new Set(tools.map((tool) => asObject(tool[type])?.["name"]));
  const [functions, customs] = [named("function"), named("custom")];
  return {
    reference(name) {
      const wire = legalName(name, NAME_LAW);
      if (functions.has(wire)) return { type: "function", function: { name: wire } };
      return customs.has(wire) ? { type: "custom", custom: { name: wire } } : undefined;
    },
    ...(dialectOf(target).allowedTools && {
      allowed: (mode: "auto" | "required", named: readonly JsonObject[]) => ({
        type: "allowed_tools",
        allowed_tools: { mode, tools: named },
      }),
    }),
  };
}
