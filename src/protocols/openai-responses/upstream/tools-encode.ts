/** Tools, the choice among them, and what their answers are to include (A.3.1, B.0.4). */
import type { ChatRequest, Tool } from "../../../chat/chat.ts";
import { asString, type JsonObject } from "../../../chat/json.ts";
import { namedTools } from "../../shared/offered-tools.ts";
import { encodeParallel, encodeToolChoice, recordChoice, type ChoiceWords } from "../../shared/openai-tool-choice.ts";
import { toolNamed } from "../../shared/tool-lookup.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { ownFields } from "../native.ts";
import { dialectOf } from "./default-dialect.ts";
import { isSearched, splitTools } from "./late-tools.ts";
import { encodeToolList } from "./tool-list-encode.ts";
import { encodeToolName } from "./tool-names-encode.ts";

/** What a request says about tools. */
export interface EncodedTools {
  readonly fields: JsonObject;
  /** What the items of tools that the provider runs are to tell of what came of them. */
  readonly include: readonly string[];
}

/** By the beginning of a tool's type. */
const INCLUDES: readonly (readonly [type: string, include: string])[] = [
  ["web_search", "web_search_call.action.sources"],
  ["code_interpreter", "code_interpreter_call.outputs"],
];

/** @param reasons whether the model will reason, beside which some cannot be made to call (rule 87). */
export function encodeTools(request: ChatRequest, reasons: boolean, target: EncodeTarget): EncodedTools {
  const { declared, late } = splitTools(request, target);
  const tools = encodeToolList(declared, request.tools, isSearched(request.tools, target), target);
  const named = late.length === 0 ? undefined : new Set(namedTools([...request.system, ...request.items]));
  const loaded = late.filter(({ name }) => named?.has(name));
  if (tools.length === 0 && loaded.length === 0) {
    recordChoice(request, false, target.losses);
    return { fields: {}, include: [] };
  }
  const types = tools.map((tool) => asString(tool["type"]) ?? "");
  const include = INCLUDES.flatMap(([start, name]) => (types.some((type) => type.startsWith(start)) ? [name] : []));
  return {
    fields: {
      ...(tools.length > 0 && { tools }),
      ...encodeToolChoice(request, reasons, target, choiceWords([...declared, ...loaded], request, tools, target)),
      ...encodeParallel(request, dialectOf(target).parallelToolCalls, target.losses),
    },
    include,
  };
}

function choiceWords(offered: readonly Tool[], request: ChatRequest, tools: readonly JsonObject[], target: EncodeTarget): ChoiceWords {
  const dialect = dialectOf(target);
  return {
    reference(name) {
      const tool = toolNamed(offered, name);
      const own = tool && ownFields(tool.native);
      switch (tool?.type) {
        case undefined:
          return undefined;
        case "hosted":
          return referToHosted(tool, tools);
        case "client":
          if (typeof own?.["type"] === "string") return { type: own["type"] };
          break;
        case "custom":
          if (dialect.customTools) return { type: "custom", name: encodeToolName(name, request.tools, dialect).name };
          break;
        case "function":
          break;
      }
      const { name: wire } = encodeToolName(name, request.tools, dialect);
      return { type: "function", name: wire };
    },
    ...(dialect.allowedTools && {
      allowed: (mode: "auto" | "required", named: readonly JsonObject[]) => ({ type: "allowed_tools", mode, tools: named }),
    }),
  };
}

/** What the types of declarations begin with. */
const HOSTED_TYPES: Readonly<Partial<Record<Extract<Tool, { type: "hosted" }>["kind"], string>>> = {
  "web-search": "web_search",
  "code-execution": "code_interpreter",
};

function referToHosted(
  { kind, native, settings }: Extract<Tool, { type: "hosted" }>,
  tools: readonly JsonObject[],
): JsonObject | undefined {
  const own = asString(ownFields(native)?.["type"]);
  const label = settings["server_label"];
  if (own !== undefined) return { type: own, ...(kind === "mcp" && label !== undefined && { server_label: label }) };
  const start = HOSTED_TYPES[kind];
  const type = start === undefined ? undefined : tools.map((tool) => asString(tool["type"])).find((one) => one?.startsWith(start));
  return type === undefined ? undefined : { type };
}
