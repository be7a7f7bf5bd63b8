/** What reaches an upstream of what a client asked, and which upstream it is. */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post } from "./support/gateway.ts";

const { start } = gatewaysForTests();

describe("what reaches the upstream", () => {
  test("case 10: the key in x-api-key, the system text byte for byte", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const system = 'Be brief. \u00e9 \ud83d\ude00 \\ "quoted"\n\ttab';
    await post(url, ask("hello", { system }));
    const [request] = simulator.requests;
    expect(request?.credential).toBe("key-number-1");
    expect(request?.headers.map((header) => header.toLowerCase())).toContain("x-api-key");
    expect(request?.headers.map((header) => header.toLowerCase())).not.toContain("authorization");
    expect(JSON.parse(request?.body.toString() ?? "")).toMatchObject({ system });
  });

  test("case 10, translated: the system text arrives byte for byte, the client's metadata block is a loss", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    const system = [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli;" },
      { type: "text", text: "Be brief.\n \u00e9" },
    ];
    const answer = await post(url, ask("hello", { system }));
    expect(answer.headers.get("x-dragoman-loss")).toContain("system");
    expect(JSON.parse(simulator.requests[0]?.body.toString() ?? "")).toMatchObject({
      systemInstruction: { parts: [{ text: "Be brief.\n \u00e9" }] },
    });
  });

  test("case 14: tool_choice none, stop sequences, the token limit and images reach Gemini; one that cannot is refused, not dropped", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    const tools = [{ name: "Bash", input_schema: { type: "object", properties: { command: { type: "string" } } } }];
    await post(url, ask("hello", { tools, tool_choice: { type: "none" }, stop_sequences: ["END"], max_tokens: 77 }));
    expect(JSON.parse(simulator.requests[0]?.body.toString() ?? "")).toMatchObject({
      toolConfig: { functionCallingConfig: { mode: "NONE" } },
      tools: [{ functionDeclarations: [{ name: "Bash" }] }],
      generationConfig: { maxOutputTokens: 77, stopSequences: ["END"] },
    });
    const image = (address: string): object => ({ type: "image", source: { type: "url", url: address } });
    const about = (block: object): object => ({
      ...ask(""),
      messages: [{ role: "user", content: [block, { type: "text", text: "what?" }] }],
    });
    const refused = await post(url, about(image("http://localhost/a.png")));
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining("messages[0].content[0]") } });
    const inline = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
    await post(url, about(inline));
    expect(simulator.requests.at(-1)?.body.toString()).toContain('"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}');
  });

  test("case 15: parallel tool calls stay apart, each with its own id and input", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    simulator.script({
      calls: [
        { name: "a", input: { n: 1 } },
        { name: "b", input: { n: 2 } },
        { name: "a", input: { n: 3 } },
      ],
    });
    const tools = ["a", "b"].map((name) => ({ name, input_schema: { type: "object" } }));
    const answer = (await (await post(url, ask("go", { tools }))).json()) as {
      content: { type: string; id: string; name: string; input: unknown }[];
      stop_reason: string;
    };
    const calls = answer.content.filter(({ type }) => type === "tool_use");
    expect(calls.map(({ name, input }) => [name, input])).toEqual([
      ["a", { n: 1 }],
      ["b", { n: 2 }],
      ["a", { n: 3 }],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
    expect(answer.stop_reason).toBe("tool_use");
  });

  test("rule 166: a signature comes back through a client that keeps no field it does not know", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    const known = { thinking: ["type", "thinking", "signature"], tool_use: ["type", "id", "name", "input"], text: ["type", "text"] };
    const tools = [{ name: "run_shell", input_schema: { type: "object", properties: { command: { type: "string" } } } }];
    const asked = { role: "user", content: "Run `ls` and tell me its output." };
    const first = await post(url, ask("", { tools, messages: [asked] }));
    const { content } = (await first.json()) as { content: { type: keyof typeof known; id?: string }[] };
    const kept = content.map((block) => Object.fromEntries(Object.entries(block).filter(([key]) => known[block.type].includes(key))));
    const result = { type: "tool_result", tool_use_id: content.find(({ type }) => type === "tool_use")?.id, content: "a b" };
    const messages = [asked, { role: "assistant", content: kept }, { role: "user", content: [result] }];
    expect((await post(url, ask("", { tools, messages }))).status).toBe(200);
    const sent = JSON.parse(simulator.requests[1]?.body.toString() ?? "") as { contents: { parts: Record<string, unknown>[] }[] };
    const call = sent.contents.flatMap(({ parts }) => parts).find(({ functionCall }) => functionCall !== undefined);
    // The simulator refuses what it did not sign; that nobody signed has a text of its own.
    expect(call?.["thoughtSignature"]).toMatch(/^[A-Za-z0-9+/]+=*$/);
  });

  test.each([true, false])(
    "rule 144: a Chat client that drops the signature of a call gets it back to Gemini, streaming %s",
    async (stream) => {
      const { url, simulator } = await start({ config: pool("gemini", 1) });
      const parameters = { type: "object", properties: { command: { type: "string" } } };
      const tools = [{ type: "function", function: { name: "run_shell", parameters } }];
      const completions = (messages: readonly object[]) =>
        fetch(`${url}/v1/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "m", stream, tools, messages }),
        });
      const sentParts = (index: number) => {
        const { contents } = JSON.parse(simulator.requests[index]?.body.toString() ?? "") as {
          contents: { parts: Record<string, unknown>[] }[];
        };
        return contents.flatMap(({ parts }) => parts);
      };
      const asked = { role: "user", content: "Run `ls` and tell me its output." };
      simulator.script({ blocks: [{ type: "call", name: "run_shell", input: { command: "ls" } }] });
      const text = await (await completions([asked])).text();
      const id = /"id":"((?!chatcmpl)[^"]+)","type":"function"/.exec(text)?.[1];
      const call = { id, type: "function", function: { name: "run_shell", arguments: '{"command":"ls"}' } };
      const messages = [
        asked,
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: id, content: "a b" },
      ];
      expect((await completions(messages)).status).toBe(200);
      // The simulator refuses what it did not sign; that nobody signed has a text of its own.
      expect(sentParts(1).find(({ functionCall }) => functionCall !== undefined)?.["thoughtSignature"]).toMatch(/^[A-Za-z0-9+/]+=*$/);
      // In another conversation the same call is not known.
      expect((await completions([{ role: "user", content: "Something else" }, ...messages.slice(1)])).status).toBe(200);
      expect(sentParts(2).find(({ functionCall }) => functionCall !== undefined)?.["thoughtSignature"]).toBe(
        "skip_thought_signature_validator",
      );
    },
  );

  test("rule 94: a call of a vendor's own toolset goes to no other vendor", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    const messages = [
      { role: "user", content: "click it" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "click", input: {}, toolset_name: "computer" }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "done" }] },
    ];
    const answer = await post(url, ask("", { messages }));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("messages[1].content[0].toolset_name");
    expect(simulator.requests).toHaveLength(0);
  });

  test("a session stays with its credential, and comes back to it after a stumble", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 3) });
    const session = { "x-claude-code-session-id": "s1" };
    const who = async (): Promise<string | null> => (await post(url, ask("hello"), session)).headers.get("x-dragoman-credential");
    const first = await who();
    expect(await who()).toBe(first);
    simulator.script("500");
    expect(await who()).not.toBe(first);
    let back = await who();
    while (back !== first) back = await who();
    expect(back).toBe(first);
  });

  test("what one target cannot take goes to the next that can", async () => {
    const config = (upstream: string): string =>
      pool(
        "gemini",
        1,
      )(upstream)
        .replace('"*": up/gemini-3.8-pro', "careful: { targets: [up/gemini-3.8-pro, other/claude-a], loss: strict }")
        .replace(
          "providers:",
          `providers:\n  other: { type: anthropic, base_url: "${upstream}", credentials: [{ name: o1, api_key: other-key }] }`,
        );
    const { url, simulator } = await start({ config });
    const tools = [{ name: "f", input_schema: { type: "object" } }];
    const tool_choice = { type: "auto", disable_parallel_tool_use: true };
    const answer = await post(url, ask("hello", { model: "careful", tools, tool_choice }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-dragoman-model")).toBe("other/claude-a");
    expect(answer.headers.get("x-dragoman-attempts")).toContain("up/gemini-3.8-pro - unsupported");
    expect(simulator.requests).toHaveLength(1);
  });

  test("a fallback in the config is used, and named", async () => {
    const config = (upstream: string): string =>
      pool(
        "anthropic",
        1,
      )(upstream)
        .replace('"*": up/*', "fast: [up/claude-a, other/gemini-3.8-flash]")
        .replace(
          "providers:",
          `providers:\n  other:\n    type: gemini\n    base_url: "${upstream}"\n    credentials: [{ name: o1, api_key: other-key }]`,
        );
    const { url, simulator } = await start({ config });
    simulator.credentials.set("key-number-1", "529");
    const answer = await post(url, ask("hello", { model: "fast" }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-dragoman-model")).toBe("other/gemini-3.8-flash");
    expect(answer.headers.get("x-dragoman-attempts")).toContain("up/claude-a c1 overloaded");
    expect(await answer.json()).toMatchObject({ type: "message", model: "fast" });
  });
});
