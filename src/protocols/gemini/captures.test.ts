/** What Claude Code sends, as it goes to Gemini (rules 351–363, 406–414). */
import { describe, expect, test } from "vitest";
import { loadCaptures, type Capture } from "../../../test/support/captures.ts";
import { send, type SentBody } from "../../../test/support/gemini.ts";
import { asObject, asString, type JsonObject } from "../../chat/json.ts";
import { createStateSealer } from "../../chat/state.ts";
import { anthropicMessages } from "../anthropic-messages/index.ts";

const { client } = anthropicMessages;
const sealer = createStateSealer([Buffer.alloc(32, 1)]);
const captures = loadCaptures().filter(({ name, body }) => name.startsWith("claude-code/") && Array.isArray(body["messages"]));

function translate(capture: Capture | undefined, model?: string): ReturnType<typeof send> {
  const body = Buffer.from(JSON.stringify(capture?.body));
  const operation = capture?.path.includes("count_tokens") === true ? "count-tokens" : "generate";
  return send(client.decodeRequest({ route: { operation }, query: new URLSearchParams(), headers: {}, body }, sealer), model);
}

const named = (name: string): Capture | undefined => captures.find((capture) => capture.name === `claude-code/${name}`);
const declarations = (body: SentBody): JsonObject[] =>
  body.tools?.flatMap(({ functionDeclarations }) => (functionDeclarations as JsonObject[] | undefined) ?? []) ?? [];
const responses = (body: SentBody): JsonObject[] =>
  body.contents.flatMap(({ parts }) =>
    parts.map(({ functionResponse }) => asObject(functionResponse)).filter((found) => found !== undefined),
  );

describe.for(["gemini-3.8-pro", "gemini-2.5-flash"])("on %s", (model) => {
  test.for(captures)("rules 351, 352, 356, 409 and 427: $name", (capture) => {
    const { text, body, losses } = translate(capture, model);
    expect(losses.filter(({ severity }) => severity === "contract")).toEqual([]);
    expect(text).not.toMatch(
      /"cache_control"|"defer_loading"|"\$schema"|"input_schema"|x-anthropic-billing-header|DeferredToolPlaceholder/,
    );
    for (const { name } of declarations(body)) expect(name).toMatch(/^[A-Za-z_][\w.:-]{0,127}$/);
    expect(body.contents[0]?.role).toBe("user");
  });
});

describe("single requests", () => {
  test("rule 24: results that came in completion order go back in call order", () => {
    const { body } = translate(named("tool-parallel/02"));
    const ids = body.contents.flatMap(({ parts }) => parts.flatMap(({ functionCall }) => asString(asObject(functionCall)?.["id"]) ?? []));
    expect(ids).toHaveLength(2);
    expect(responses(body).map(({ id }) => id)).toEqual(ids);
  });

  test("rule 410: a picture that was read stays in its result", () => {
    expect(responses(translate(named("tool-read-image/02")).body)).toMatchObject([
      { name: "Read", parts: [{ inlineData: { mimeType: "image/png" } }] },
    ]);
  });

  test("rule 411: so does a PDF, beside the text", () => {
    expect(responses(translate(named("tool-read-pdf/02")).body)).toMatchObject([
      { name: "Read", response: { output: expect.stringContaining("PDF") }, parts: [{ inlineData: { mimeType: "application/pdf" } }] },
    ]);
  });

  test("rule 408: loaded tools are appended in the order they were named", () => {
    const names = (name: string): unknown[] => declarations(translate(named(name)).body).map((declaration) => declaration["name"]);
    expect(names("tool-toolsearch/02")).toEqual([...names("tool-toolsearch/01"), "WebSearch", "WebFetch"]);
  });

  test("rule 412: a search of its own is Gemini's search", () => {
    const { body } = translate(named("tool-websearch/02"));
    expect(body.tools).toEqual([{ googleSearch: {} }]);
  });

  test("rule 413: counts need no more than a message", () => {
    for (const capture of captures.filter(({ session }) => session === "claude-code/context-cmd"))
      expect(translate(capture).body.contents.length).toBeGreaterThan(0);
  });
});
