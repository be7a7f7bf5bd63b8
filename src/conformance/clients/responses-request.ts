/** What is asked of OpenAI's Responses, as users of its SDK write it. */
import type OpenAI from "openai";
import type { Piece, Says, Settings, Tool, ToolResult, ToolSearch } from "../conversation.ts";

const DEFAULT_MAX_TOKENS = 1024;
/** Room for the thinking that is asked for. */
const THINKING_TOKENS = 8192;

export type Params = OpenAI.Responses.ResponseCreateParamsNonStreaming;
export type InputItem = OpenAI.Responses.ResponseInputItem;
type Content = OpenAI.Responses.ResponseInputContent;

/** What an item that calls a tool of the client's is called. */
export type CallType = (typeof CALL_TYPES)[number];
export const CALL_TYPES = ["function_call", "custom_tool_call", "apply_patch_call", "shell_call", "tool_search_call"] as const;

/** A call that waits for its result: each kind is answered by another kind of item. */
export interface OpenCall {
  readonly id: string;
  readonly type: CallType;
}

/** What a turn adds to the conversation. */
export function itemsOf(says: Says, calls: readonly OpenCall[], settings: Settings): InputItem[] {
  if (typeof says === "string") return [{ role: "user", content: says }];
  if ("length" in says) return [{ role: "user", content: says.map(contentOf) }];
  const results = says.results.map((result) => resultItem(result, calls[result.call] ?? { id: "", type: "function_call" }, settings));
  return says.words === undefined ? results : [...results, { role: "user", content: says.words }];
}

function resultItem({ content, found, failed }: ToolResult, { id, type }: OpenCall, { toolSearch }: Settings): InputItem {
  const text = typeof content === "string" ? content : "";
  switch (type) {
    case "function_call":
    case "custom_tool_call":
      return { type: `${type}_output`, call_id: id, output: typeof content === "string" ? content : content.map(contentOf) };
    case "apply_patch_call":
      return { type: "apply_patch_call_output", call_id: id, status: failed === true ? "failed" : "completed", output: text };
    case "shell_call": {
      const outcome = { type: "exit" as const, exit_code: failed === true ? 1 : 0 };
      return { type: "shell_call_output", call_id: id, output: [{ stdout: text, stderr: "", outcome }] };
    }
    case "tool_search_call": {
      const tools = toolSearch?.hidden.filter(({ name }) => found?.includes(name)) ?? [];
      return { type: "tool_search_output", call_id: id, execution: "client", tools: functionsOf(tools) };
    }
  }
}

function contentOf(piece: Piece): Content {
  switch (piece.type) {
    case "text":
      return { type: "input_text", text: piece.text };
    case "image":
      return { type: "input_image", detail: "auto", image_url: `data:${piece.mediaType};base64,${piece.base64}` };
    case "image-url":
      return { type: "input_image", detail: "auto", image_url: piece.url };
    case "document":
      return { type: "input_file", filename: piece.name, file_data: `data:${piece.mediaType};base64,${piece.base64}` };
  }
}

/** What stands before the conversation, turn by turn the same. */
export function openingItems(settings: Settings): InputItem[] {
  const { system = [], toolsInHistory } = settings;
  // One has a field of its own.
  const apart = system.length > 1 ? system.map((content): InputItem => ({ role: "developer", content })) : [];
  return toolsInHistory === true ? [{ type: "additional_tools", role: "developer", tools: toolsOf(settings) }, ...apart] : apart;
}

/** Everything but the model and the conversation. */
export function paramsOf(settings: Settings): Omit<Params, "model" | "input"> {
  const { system = [], toolChoice, parallelCalls, format, thinking, temperature, topP, webSearch, kept } = settings;
  const tools = [
    ...(settings.toolsInHistory === true ? [] : toolsOf(settings)),
    ...(webSearch === true ? [{ type: "web_search" as const }] : []),
  ];
  return {
    // What nobody keeps must come back: the state of reasoning comes along for that.
    store: kept !== undefined,
    ...(kept === undefined && { include: ["reasoning.encrypted_content"] }),
    max_output_tokens: (thinking === undefined ? 0 : THINKING_TOKENS) + (settings.maxTokens ?? DEFAULT_MAX_TOKENS),
    ...(system.length === 1 && { instructions: system[0] }),
    ...(tools.length > 0 && { tools }),
    ...(toolChoice !== undefined && { tool_choice: choiceOf(toolChoice) }),
    ...(parallelCalls === false && { parallel_tool_calls: false }),
    ...(format !== undefined && { text: { format: formatOf(format) } }),
    ...(thinking !== undefined && { reasoning: { effort: thinking.effort, ...(thinking.show && { summary: "auto" as const }) } }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
  };
}

function toolsOf({ tools = [], freeTextTools = [], vendorTools = [], toolSearch }: Settings): OpenAI.Responses.Tool[] {
  return [
    ...functionsOf(tools),
    ...freeTextTools.map((tool) => ({ type: "custom" as const, ...tool })),
    ...vendorTools.map((type) => ({ type })),
    ...(toolSearch === undefined ? [] : [searchOf(toolSearch)]),
  ];
}

/** Those of a namespace stand together where its first one stands. */
function functionsOf(tools: readonly Tool[]): OpenAI.Responses.Tool[] {
  const groups = Map.groupBy(tools, ({ namespace, name }) => namespace ?? { name });
  return [...groups].flatMap(([group, members]): OpenAI.Responses.Tool[] =>
    typeof group === "object"
      ? members.map((tool) => ({ ...functionOf(tool), strict: false }))
      : [{ type: "namespace", name: group, description: `The tools of ${group}.`, tools: members.map(functionOf) }],
  );
}

function searchOf({ description, schema }: ToolSearch): OpenAI.Responses.ToolSearchTool {
  return { type: "tool_search", execution: "client", description, parameters: schema };
}

function functionOf({ name, description, schema }: Tool): Omit<OpenAI.Responses.FunctionTool, "strict"> {
  return { type: "function", name, ...(description !== undefined && { description }), parameters: schema };
}

function choiceOf(choice: NonNullable<Settings["toolChoice"]>): NonNullable<Params["tool_choice"]> {
  if (typeof choice === "string") return choice;
  if ("tool" in choice) return { type: "function", name: choice.tool };
  return { type: "allowed_tools", mode: "required", tools: choice.anyOf.map((name) => ({ type: "function", name })) };
}

function formatOf(format: NonNullable<Settings["format"]>): OpenAI.Responses.ResponseFormatTextConfig {
  if (format === "json") return { type: "json_object" };
  return { type: "json_schema", name: format.name, schema: format.schema, strict: true };
}
