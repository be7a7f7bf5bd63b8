/** Which tools may or must be called (B.0.4; rules 81–83, 85–87). */
import type { ChatRequest, Tool, ToolChoice } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { toolNamed } from "../../shared/tool-lookup.ts";
import type { Profile } from "../../profile.ts";
import type { EncodeTarget } from "../../protocol.ts";
import { ownFields } from "../native.ts";
import { HOSTED_TOOLS } from "../wire.ts";
import { encodeToolName } from "./tool-names.ts";

/** A choice in the wire's words, and what has to be said in the model's because there are no others. */
export interface EncodedToolChoice {
  readonly choice?: JsonObject;
  readonly note?: string;
}

/** Whether a call is demanded. */
export function demandsCall(choice: ToolChoice | undefined): boolean {
  return choice?.mode === "required" || choice?.mode === "tool" || (choice?.mode === "subset" && choice.required);
}

/**
 * `tool_choice`, with the wish for one call at a time, which the wire knows only there (rules 81, 82). Every tool stays
 * in the request whatever the choice: leaving some out would change what thinking is bound to.
 * @param offered names on the wire of the tools that are sent.
 */
export function encodeToolChoice(request: ChatRequest, offered: ReadonlySet<unknown>, target: EncodeTarget): EncodedToolChoice {
  const serial = request.parallelToolCalls === false;
  const choice = request.toolChoice ?? (serial ? ({ mode: "auto" } as const) : undefined);
  if (!choice) return {};
  if (offered.size === 0) {
    // Refused without tools (rule 85).
    if (demandsCall(choice)) target.losses.add("tool-choice", "tool_choice", "contract");
    return {};
  }
  const wireName = (name: string): string => wireNameOf(name, request.tools);
  const { choice: mode, note } = encodeMode(choice, wireName, offered, target);
  const own = ownFields(request.native)?.["tool_choice"] as JsonObject | undefined;
  return {
    choice: { ...mode, ...own, ...(serial && mode["type"] !== "none" && { disable_parallel_tool_use: true }) },
    ...(note !== undefined && { note }),
  };
}

/** Whether the model can be made to call a tool, if need be by not letting it think (rules 86, 87). */
export function canForce({ forcedToolChoice, thinkingForms, reasoning }: Profile): boolean {
  if (forcedToolChoice !== "without-reasoning") return forcedToolChoice === "always";
  return reasoning.control === "none" || thinkingForms.includes("disabled");
}

/** What a tool is called here: those that the provider runs have names of its own. */
function wireNameOf(name: string, tools: readonly Tool[]): string {
  const tool = toolNamed(tools, name);
  const hosted = tool?.type === "hosted" && !ownFields(tool.native) ? HOSTED_TOOLS[tool.kind]?.name : undefined;
  return hosted ?? encodeToolName(name);
}

function encodeMode(
  choice: ToolChoice,
  wireName: (name: string) => string,
  offered: ReadonlySet<unknown>,
  { profile, losses }: EncodeTarget,
): { readonly choice: JsonObject; readonly note?: string } {
  switch (choice.mode) {
    case "auto":
    case "none":
      return { choice: { type: choice.mode } };
    case "required":
      if (canForce(profile)) return { choice: { type: "any" } };
      losses.add("tool-choice", "tool_choice", "semantic");
      return { choice: { type: "auto" }, note: "Answer by calling at least one of the tools." };
    case "tool": {
      const name = wireName(choice.name);
      if (!offered.has(name)) losses.add("tool-choice", "tool_choice", "contract");
      else if (canForce(profile)) return { choice: { type: "tool", name } };
      else losses.add("tool-choice", "tool_choice", "semantic");
      return { choice: { type: "auto" }, note: `Answer by calling the tool ${name}.` };
    }
    case "subset": {
      const names = choice.names.map(wireName).filter((name) => offered.has(name));
      const forced = choice.required && canForce(profile);
      const [only] = names;
      if (forced && names.length === 1 && only !== undefined) return { choice: { type: "tool", name: only } };
      losses.add("tool-choice", "tool_choice", names.length === 0 && choice.required ? "contract" : "semantic");
      const must = choice.required && !forced ? "Answer by calling at least one" : "Call none but these";
      return { choice: { type: forced ? "any" : "auto" }, note: `${must} of the tools: ${names.join(", ")}.` };
    }
  }
}
