/** Rule 4 for Responses clients: a longer history begins, in the neutral form and at every upstream, as the shorter one did. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeResponses, sealer } from "../../../test/support/responses-client.ts";
import { profileFor } from "../../catalog/profiles/index.ts";
import type { JsonObject } from "../../chat/json.ts";
import { LossLedger } from "../../chat/loss.ts";
import { anthropicMessages } from "../anthropic-messages/index.ts";
import { gemini } from "../gemini/index.ts";
import { openaiChat } from "../openai-chat/index.ts";
import { sealState } from "./state.ts";

const fn = (name: string): JsonObject => ({ type: "function", name, parameters: { type: "object" } });
const said = (role: string, content: string): JsonObject => ({ role, content });
const call = (id: string, name: string): JsonObject => ({ type: "function_call", call_id: id, name, arguments: "{}" });
const output = (id: string): JsonObject => ({ type: "function_call_output", call_id: id, output: "done" });
const signed = sealState({ issuer: { platform: "anthropic" }, kind: "thinking", value: "EqQB" }, "self", sealer);
const marked = sealState({ issuer: { platform: "gemini" }, kind: "thought-signature", value: "c2ln" }, "next-call", sealer);
const group = (name: string): JsonObject => ({ type: "namespace", name, tools: [fn("y"), fn("z")] });

/** What may come between a question and the next. Ids say nothing here: those of calls come again and again. */
const STEPS: readonly (readonly JsonObject[])[] = [
  [said("assistant", "Well.")],
  [said("developer", "Be brief."), said("user", "go on")],
  [{ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: signed }, said("assistant", "So.")],
  [{ type: "reasoning", summary: [], encrypted_content: "gAAAAA==" }, call("a", "f"), output("a")],
  [call("a", "f"), call("b", "g"), output("b"), output("a")],
  [{ type: "reasoning", summary: [], encrypted_content: marked }, call("c", "f"), output("c")],
  [call("d", "gone")],
  [
    { type: "custom_tool_call", call_id: "e", name: "patch", input: "*** Begin" },
    { type: "custom_tool_call_output", call_id: "e", output: [{ type: "input_text", text: "ok" }] },
  ],
  [
    { type: "tool_search_call", call_id: "s", execution: "client", arguments: { query: "q" } },
    { type: "tool_search_output", call_id: "s", execution: "client", tools: [group("found")] },
    { ...call("t", "y"), namespace: "found" },
    output("t"),
  ],
  [{ type: "additional_tools", role: "developer", tools: [fn("late"), group("brought")] }, said("user", "use it")],
  [{ type: "web_search_call", id: "ws", status: "completed", action: { type: "search", query: "q" } }, said("assistant", "Found.")],
  [{ type: "compaction", encrypted_content: "gAAAAB==" }],
  [{ type: "mcp_list_tools", id: "l", server_label: "s", tools: [] }],
  [{ type: "configuration_update", reasoning: { effort: "high" } }],
];

const exchange = fc.array(fc.constantFrom(...STEPS), { maxLength: 4 }).map((steps) => [said("user", "hi"), ...steps.flat()]);
const history = fc.array(exchange, { minLength: 1, maxLength: 5 });
const around = {
  instructions: "You are a model.",
  tools: [fn("f"), fn("g"), { type: "custom", name: "patch" }, { type: "tool_search", execution: "client" }, { type: "web_search" }],
};

test("rules 4 and 5: more items change nothing in those before", () => {
  fc.assert(
    fc.property(history, fc.nat(), (exchanges, cut) => {
      const input = exchanges.flat();
      const earlier = decodeResponses({ ...around, input: input.slice(0, 1 + (cut % input.length)) });
      const later = decodeResponses({ ...around, input });
      expect(later.turns.slice(0, earlier.turns.length)).toEqual(earlier.turns);
      expect(later.system.slice(0, earlier.system.length)).toEqual(earlier.system);
      expect(later.items.slice(0, earlier.items.length)).toEqual(earlier.items);
      expect(later.tools.slice(0, earlier.tools.length)).toEqual(earlier.tools);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["anthropic", "claude-sonnet-5", anthropicMessages.upstream, "messages"],
  ["gemini", "gemini-3.8-pro", gemini.upstream, "contents"],
  ["openai-compatible", "some-model", openaiChat.upstream, "messages"],
] as const)("rules 4, 406 and 408: what was said before the last question stays as it was, at %s", (platform, model, upstream, key) => {
  const encode = (input: readonly JsonObject[]): { said: readonly unknown[]; tools: readonly unknown[]; around: JsonObject } => {
    const profile = profileFor({ platform, model, protocol: upstream.id });
    const target = { model, profile, issuer: { platform, model, account: "a" }, losses: new LossLedger() };
    const { body } = upstream.encodeRequest(decodeResponses({ ...around, input }), target);
    // Marks for a cache move with the conversation (rule 407), and an effort is the last that was asked for.
    const plain = JSON.parse(body, (name, value: unknown) => (name === "cache_control" ? undefined : value)) as JsonObject;
    const { [key]: messages, tools, output_config: _effort, generationConfig: _config, reasoning_effort: _word, ...rest } = plain;
    const flat = ((tools ?? []) as JsonObject[]).flatMap((tool) => (tool["functionDeclarations"] ?? [tool]) as JsonObject[]);
    return { said: messages as readonly unknown[], tools: flat, around: rest };
  };
  fc.assert(
    fc.property(history, fc.nat(), (exchanges, cut) => {
      const asked = said("user", "hi");
      const earlier = encode([...exchanges.slice(0, cut % exchanges.length).flat(), asked]);
      const later = encode([...exchanges.flat(), asked]);
      expect(later.said.slice(0, earlier.said.length)).toEqual(earlier.said);
      expect(later.tools.slice(0, earlier.tools.length)).toEqual(earlier.tools);
      expect(later.around).toEqual(earlier.around);
    }),
    { numRuns: 200 },
  );
});
