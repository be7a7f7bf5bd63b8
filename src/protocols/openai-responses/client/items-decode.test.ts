import { describe, expect, test } from "vitest";
import { decodeItems, decodeResponses, sealer } from "../../../../test/support/responses-client.ts";
import type { Item } from "../../../chat/chat.ts";
import type { OpaqueState, StateBinding } from "../../../chat/state.ts";
import { unpackReasoning } from "../reasoning-state.ts";
import { sealState, UNPROVEN } from "../state.ts";

const user = { role: "user", content: "hi" };
const fn = (name: string, more: object = {}): object => ({ type: "function", name, parameters: { type: "object" }, ...more });

function items(...input: readonly object[]): readonly Item[] {
  return decodeItems(user, ...input).items.slice(1);
}

describe("calls", () => {
  test("rules 58 and 66: input of both kinds stays as it was written", () => {
    const calls = items(
      { type: "function_call", id: "fc_1", call_id: "a", name: "f", arguments: '{"n":1.0}', status: "completed" },
      { type: "custom_tool_call", call_id: "b", name: "patch", input: "*** Begin\n" },
    );
    expect(calls).toMatchObject([
      {
        type: "tool-call",
        kind: "function",
        id: "a",
        name: "f",
        input: '{"n":1.0}',
        native: { fields: { item: { id: "fc_1", status: "completed" } } },
      },
      { type: "tool-call", kind: "custom", id: "b", name: "patch", input: "*** Begin\n" },
    ]);
  });

  test("rule 68: a call names its tool with its namespace, or without where only one can be meant", () => {
    const tools = [
      fn("y"),
      { type: "namespace", name: "mcp__a", tools: [fn("y"), fn("z")] },
      { type: "namespace", name: "b", tools: [fn("y")] },
    ];
    const input = [
      { name: "y" },
      { name: "y", namespace: "mcp__a" },
      { name: "y", namespace: "b" },
      { name: "z" },
      { name: "gone", namespace: "c" },
    ].map((named, i) => ({ type: "function_call", call_id: `${i}`, arguments: "{}", ...named }));
    const found = decodeResponses({ tools, input }).items;
    expect(found.map((item) => "name" in item && item.name)).toEqual(["y", "mcp__a__y", "b__y", "mcp__a__z", "c__gone"]);
  });

  test("rules 90 and 438: results are texts or parts; a free text in pieces is one text", () => {
    const picture = { type: "input_image", image_url: "data:image/png;base64,AA==" };
    const pieces = [
      { type: "input_text", text: "Script completed\n" },
      { type: "input_text", text: "42\n" },
    ];
    const results = items(
      { type: "function_call_output", call_id: "a", output: "text" },
      { type: "function_call_output", call_id: "b", output: [...pieces, picture] },
      { type: "custom_tool_call_output", call_id: "c", output: pieces },
      { type: "custom_tool_call_output", call_id: "d", output: "" },
    );
    expect(results.map((item) => "content" in item && item.content)).toMatchObject([
      [{ type: "text", text: "text" }],
      [{ text: "Script completed\n" }, { text: "42\n" }, { type: "media", kind: "image" }],
      [{ text: "Script completed\n42\n" }],
      [],
    ]);
    expect(results[2]?.native?.fields).toEqual({ item: { output: pieces } });
  });

  test("typed tools are called with what they are to do, without nulls (rule 208), under the name that the request has for them", () => {
    const action = { type: "exec", command: ["ls"] };
    const operation = { type: "create_file", path: "a", diff: "+a" };
    const tools = ["local_shell", "apply_patch"].map((type) => ({ type }));
    const found = decodeResponses({
      tools: [...tools, { type: "shell", environment: { type: "local" } }, { type: "tool_search", execution: "client" }],
      input: [
        { type: "local_shell_call", id: "lsh_1", call_id: "a", action, status: "completed" },
        { type: "local_shell_call_output", id: "a", output: "x" },
        { type: "shell_call", call_id: "b", action: { commands: ["ls"], timeout_ms: null, max_output_length: null } },
        { type: "shell_call_output", call_id: "b", output: [{ stdout: "out\n", stderr: "err", outcome: { type: "exit", exit_code: 2 } }] },
        { type: "apply_patch_call", call_id: "c", operation },
        { type: "apply_patch_call_output", call_id: "c", status: "failed", output: "no such file" },
        { type: "tool_search_call", call_id: "d", execution: "client", arguments: { query: "q" } },
        { type: "tool_search_output", call_id: "d", execution: "client", tools: [] },
        { type: "computer_call", call_id: "e", action: { type: "screenshot" } },
        { type: "computer_call_output", call_id: "e", output: { type: "computer_screenshot", image_url: "data:image/png;base64,AA==" } },
      ],
    }).items;
    const calls = found.flatMap((item) => (item.type === "tool-call" ? [[item.id, item.name, JSON.parse(item.input) as unknown]] : []));
    expect(calls).toEqual([
      ["a", "local_shell", { command: ["ls"] }],
      ["b", "shell", { commands: ["ls"] }],
      ["c", "apply_patch", operation],
      ["d", "tool_search", { query: "q" }],
      ["e", "computer", { type: "screenshot" }],
    ]);
    const results = found.flatMap((item) => (item.type === "tool-result" ? [[item.callId, item.content, item.isError]] : []));
    expect(results).toMatchObject([
      ["a", [{ text: "x" }], false],
      ["b", [{ text: "out\n\nerr\n(exit code 2)" }], false],
      ["c", [{ text: "no such file" }], true],
      ["d", [], false],
      ["e", [{ type: "media", kind: "image" }], false],
    ]);
  });

  test("rules 408 and 417: a search's tools can be called from here on, those it finds again are the same", () => {
    const tools = [fn("y"), { type: "tool_search", execution: "client" }];
    const group = { type: "namespace", name: "codex_app", description: "D", tools: [fn("y", { defer_loading: true }), fn("z")] };
    const search = (id: string): object[] => [
      { type: "tool_search_call", call_id: id, execution: "client", arguments: { query: "q" } },
      { type: "tool_search_output", call_id: id, execution: "client", status: "completed", tools: [group, fn("y")] },
    ];
    const call = { type: "function_call", call_id: "c", name: "y", namespace: "codex_app", arguments: "{}" };
    const { items: found, tools: known } = decodeResponses({ tools, input: [user, ...search("a"), ...search("b"), call] });
    expect(known.map(({ name }) => name)).toEqual(["y", "tool_search", "codex_app__y", "codex_app__z"]);
    expect(known.map((tool) => "deferred" in tool && tool.deferred)).toEqual([false, false, true, true]);
    const references = found.flatMap((item) =>
      item.type === "tool-result" ? [item.content.map((part) => "name" in part && part.name)] : [],
    );
    expect(references).toEqual([
      ["codex_app__y", "codex_app__z", "y"],
      ["codex_app__y", "codex_app__z", "y"],
    ]);
    expect(found.at(-1)).toMatchObject({ name: "codex_app__y" });
  });

  test("rules 368 and 408: tools that an item brings are added there, and with the instructions where they lead", () => {
    const bringing = (name: string): object => ({ type: "additional_tools", role: "developer", tools: [fn(name)] });
    const { system, items: found, tools, turns } = decodeItems(bringing("a"), user, bringing("b"));
    expect(system).toMatchObject([{ type: "tool-change", change: "add", tools: ["a"] }]);
    expect(found[1]).toMatchObject({ type: "tool-change", change: "add", tools: ["b"], turn: 2 });
    expect(turns[2]).toEqual({ role: "system" });
    expect(tools).toMatchObject([
      { name: "a", deferred: true },
      { name: "b", deferred: true },
    ]);
  });
});

describe("what the provider ran", () => {
  test.each<[object, object, object | undefined]>([
    [
      { type: "web_search_call", id: "ws_1", action: { type: "search", query: "q", sources: [{ type: "url", url: "https://a.example" }] } },
      { kind: "web-search", name: "web_search", input: '{"query":"q"}' },
      { text: "https://a.example", sources: [{ url: "https://a.example" }] },
    ],
    [
      { type: "web_search_call", id: "ws_2", action: { type: "open_page", url: "https://a.example" } },
      { kind: "web-fetch", input: '{"url":"https://a.example"}' },
      { text: "https://a.example" },
    ],
    [
      { type: "file_search_call", id: "fs_1", queries: ["a", "b"], results: [{ filename: "f.txt", text: "found" }] },
      { kind: "other", name: "file_search", input: '{"query":"a; b"}' },
      { text: "f.txt: found" },
    ],
    [
      { type: "code_interpreter_call", id: "ci_1", code: "1", container_id: "c", outputs: [{ type: "logs", logs: "1\n" }] },
      { kind: "code-execution", input: '{"code":"1"}' },
      { text: "1\n" },
    ],
    [{ type: "code_interpreter_call", id: "ci_2", code: "1", outputs: null }, { kind: "code-execution" }, undefined],
    [
      { type: "mcp_call", id: "mcp_1", server_label: "s", name: "t", arguments: "{}", output: "o" },
      { kind: "mcp", name: "t", input: "{}" },
      { text: "o" },
    ],
    [{ type: "mcp_call", id: "mcp_2", name: "t", arguments: "", error: "broken" }, { kind: "mcp", input: "{}" }, { text: "Error: broken" }],
  ])("%j", (item, call, result) => {
    const found = items(item);
    expect(found[0]).toMatchObject({ type: "hosted-tool-call", ...call, native: { fields: { item } } });
    const results = found.slice(1);
    expect(results).toMatchObject(result ? [{ type: "hosted-tool-result", ...result, native: { fields: {} } }] : []);
  });

  test("a search without an id, as Codex says it again", () => {
    const search = { type: "web_search_call", status: "completed", action: { type: "open_page", url: "https://a.example" } };
    const ids = items(search, search).map((item) => ("callId" in item ? item.callId : "id" in item && item.id));
    expect(ids).toEqual([ids[0], ids[0], ids[2], ids[2]]);
    expect(new Set(ids).size).toBe(2);
  });

  test("a search for tools, and a shell in a container, whose results are items of their own", () => {
    const found = items(
      { type: "tool_search_call", id: "tsc_1", call_id: null, execution: "server", arguments: { paths: ["a"] } },
      { type: "tool_search_output", call_id: null, execution: "server", tools: [fn("a")] },
      { type: "shell_call", call_id: "s", action: { commands: ["ls"] }, environment: { type: "container_reference", container_id: "c" } },
      { type: "shell_call_output", call_id: "s", output: [{ stdout: "x", stderr: "", outcome: { type: "timeout" } }] },
    );
    expect(found).toMatchObject([
      { type: "hosted-tool-call", id: "tsc_1", kind: "tool-search", input: '{"paths":["a"]}' },
      { type: "hosted-tool-result", callId: "tsc_1", kind: "tool-search", text: "a" },
      { type: "hosted-tool-call", id: "s", kind: "code-execution", name: "shell" },
      { type: "hosted-tool-result", callId: "s", text: "x\n(timed out)" },
    ]);
    expect(new Set(found.map(({ turn }) => turn))).toEqual(new Set([1]));
  });

  test("a picture that was made is one, and one that was not is nothing to others", () => {
    const [picture, none] = items(
      { type: "image_generation_call", id: "ig_1", result: "AA==", output_format: "webp", status: "completed" },
      { type: "image_generation_call", id: "ig_2", result: null, status: "failed" },
    );
    expect(picture).toMatchObject({ type: "media", kind: "image", mediaType: "image/webp", source: { base64: "AA==" } });
    expect(none).toMatchObject({ type: "opaque", name: "image_generation_call" });
  });
});

test.each([
  ["configuration_update", {}, "system"],
  ["mcp_list_tools", {}, "assistant"],
  ["mcp_approval_request", {}, "assistant"],
  ["mcp_approval_response", {}, "user"],
  ["program", {}, "assistant"],
  ["program_output", {}, "assistant"],
  ["agent_message", { role: "user" }, "user"],
  ["new_kind_output", {}, "user"],
])("an item without a neutral form stays whole: %s", (type, more, role) => {
  const item = { type, id: "x_1", ...more };
  const { items: found, turns } = decodeItems(user, { role: "assistant", content: "so" }, item);
  expect(found.at(-1)).toMatchObject({ type: "opaque", name: type, native: { protocol: "openai-responses", fields: item } });
  expect(turns[found.at(-1)?.turn ?? 0]?.role).toBe(role);
});

describe("opaque state", () => {
  const claude: OpaqueState = { issuer: { platform: "anthropic", model: "claude" }, kind: "thinking", value: "sig" };
  const gemini: OpaqueState = { issuer: { platform: "gemini" }, kind: "thought-signature", value: "mark" };
  const carrier = (state: OpaqueState, binds: StateBinding): object => ({
    type: "reasoning",
    summary: [],
    encrypted_content: sealState(state, binds, sealer),
  });
  const summary = (...texts: string[]): object => ({ summary: texts.map((text) => ({ type: "summary_text", text })) });

  test("rules 133 and 161: OpenAI's own goes back as the item it was", () => {
    const item = { type: "reasoning", id: "rs_1", ...summary("One.", "Two."), encrypted_content: "gAAAAA==" };
    const [reasoning] = items(item);
    if (reasoning?.type !== "reasoning" || !reasoning.state) throw new Error("no reasoning");
    expect(reasoning).toMatchObject({ text: "One.\n\nTwo.", state: { issuer: { platform: "openai" }, kind: "encrypted-reasoning" } });
    expect(unpackReasoning(reasoning.state, reasoning.text)).toEqual({ id: "rs_1", summary: ["One.", "Two."], encrypted: "gAAAAA==" });
  });

  test("rules 132 and 162: another vendor's is in our envelope, with what it proves", () => {
    const sealed = sealState({ ...claude, text: "why" }, "self", sealer);
    expect(items({ type: "reasoning", ...summary("why"), encrypted_content: sealed })).toMatchObject([
      { type: "reasoning", text: "why", state: claude },
    ]);
    // Clients may drop what was shown.
    expect(items({ type: "reasoning", summary: [], encrypted_content: sealed })).toMatchObject([{ text: "why", state: claude }]);
  });

  test("rule 141: what a carrier brings goes to the next text or call of the same turn", () => {
    const call = { type: "function_call", call_id: "a", name: "f", arguments: "{}" };
    const found = items(carrier(gemini, "next-call"), { role: "assistant", content: "Running." }, call, { ...call, call_id: "b" });
    expect(found).toMatchObject([{ type: "text" }, { type: "tool-call", id: "a", state: gemini }, { type: "tool-call", id: "b" }]);
    expect(found[2]).not.toHaveProperty("state");
    expect(items(carrier(gemini, "next-text"), { role: "assistant", content: "So." })[0]).toMatchObject({ text: "So.", state: gemini });
    expect(items(carrier(gemini, "alone"))).toMatchObject([{ type: "text", text: "", state: gemini }]);
    expect(items(carrier(gemini, "next-call"), user, call).at(-1)).not.toHaveProperty("state");
  });

  test.each([
    ["rule 131: that says that there is none", sealState(UNPROVEN, "self", sealer)],
    ["rule 165: that is damaged", `${sealState(claude, "self", sealer).slice(0, -8)}AAAAAAAA`],
  ])("an envelope %s leaves the words", (_name, sealed) => {
    const found = items({ type: "reasoning", ...summary("why"), encrypted_content: sealed });
    expect(found).toMatchObject([{ type: "reasoning", text: "why" }]);
    expect(found[0]).not.toHaveProperty("state");
    expect(items({ type: "reasoning", summary: [], encrypted_content: sealed })).toEqual([]);
  });

  test("a compaction is OpenAI's own, or ours with its words", () => {
    const ours = sealState({ issuer: { platform: "anthropic" }, kind: "compaction", value: "", text: "So far." }, "self", sealer);
    expect(items({ type: "compaction", id: "cmp_1", encrypted_content: "gAAAAB==" })).toMatchObject([
      {
        type: "compaction",
        state: { issuer: { platform: "openai" }, kind: "compaction", value: "gAAAAB==" },
        native: { fields: { item: { id: "cmp_1" } } },
      },
    ]);
    const { items: found, turns } = decodeItems(
      user,
      { role: "assistant", content: "so" },
      { type: "compaction", encrypted_content: ours },
    );
    const words = found.at(-1);
    expect(words).toMatchObject({ type: "compaction", text: "So far.", turn: 2 });
    expect(turns[2]).toEqual({ role: "user" });
    expect(words).not.toHaveProperty("state");
  });
});
