import { describe, expect, test } from "vitest";
import { fold, frame, issuer, request, signed, stop } from "../../../../test/support/gemini.ts";
import type { ChatRequest } from "../../../chat/chat.ts";
import { collect } from "../../../chat/collect.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { decodeResponse } from "./stream.ts";

describe("hosted tools and media", () => {
  const hosted: ChatRequest = {
    ...request,
    tools: [{ type: "hosted", kind: "web-search", name: "web_search", path: "tools[0]", settings: {} }],
  };
  const text = "Grüße 😀 aus Rom.";
  const groundingMetadata = {
    webSearchQueries: ["rom", "", "roma"],
    groundingChunks: [{ web: { uri: "https://a.example", title: "A" } }, { web: { uri: "https://b.example" } }],
    groundingSupports: [
      {
        segment: { startIndex: Buffer.byteLength("Grüße 😀 "), endIndex: Buffer.byteLength("Grüße 😀 aus Rom"), text: "aus Rom" },
        groundingChunkIndices: [1],
      },
    ],
  };
  const citation = { url: "https://b.example", citedText: "aus Rom", range: { start: 9, end: 16 } };

  test("rules 221 and 266: a search is told before the text that rests on it, offsets in UTF-16", () => {
    const response = collect(decodeResponse(frame([{ text }], { ...stop, groundingMetadata }) as JsonObject, { issuer, request: hosted }));
    expect(response.items).toMatchObject([
      { type: "hosted-tool-call", kind: "web-search", name: "web_search", input: '{"query":"rom; roma"}' },
      { type: "hosted-tool-result", kind: "web-search", sources: [{ url: "https://a.example", title: "A" }, { url: "https://b.example" }] },
      { type: "text", text, citations: [citation] },
    ]);
    expect(text.slice(9, 16)).toBe("aus Rom");
    expect(response.usage).toEqual({ webSearches: 2 });
  });

  test("in a stream the search is known last, and the text is still cited", () => {
    const { items } = fold(
      [
        frame([{ text: text.slice(0, 5) }]),
        frame([{ text: text.slice(5) }]),
        frame([{ text: "", thoughtSignature: "s" }], { ...stop, groundingMetadata }),
      ],
      {
        issuer,
        request: hosted,
      },
    );
    expect(items).toMatchObject([
      { type: "text", text, citations: [citation] },
      { type: "hosted-tool-call" },
      { type: "hosted-tool-result" },
      { text: "", state: signed("s") },
    ]);
  });

  test("rule 230: a search that is shown gets its sources when they come", () => {
    const { items } = fold(
      [
        frame([{ toolCall: { toolType: "GOOGLE_SEARCH_WEB", args: { queries: ["rom"] }, id: "t1" }, thoughtSignature: "s" }]),
        frame([{ toolResponse: { toolType: "GOOGLE_SEARCH_WEB", response: {}, id: "t1" } }]),
        frame([{ text }]),
        frame([], { ...stop, groundingMetadata }),
      ],
      { issuer, request: hosted },
    );
    expect(items).toMatchObject([
      { type: "hosted-tool-call", id: "t1", input: '{"query":"rom"}', native: { fields: { thoughtSignature: "s" } } },
      { type: "text", citations: [citation] },
      { type: "hosted-tool-result", callId: "t1", sources: [{ title: "A" }, {}] },
    ]);
  });

  test("rule 228: pages that were read", () => {
    const urlContextMetadata = {
      urlMetadata: [
        { retrievedUrl: "https://a.example", urlRetrievalStatus: "URL_RETRIEVAL_STATUS_SUCCESS" },
        { retrievedUrl: "https://b.example", urlRetrievalStatus: "URL_RETRIEVAL_STATUS_ERROR" },
      ],
    };
    const { items, usage } = fold([frame([{ text }], { urlContextMetadata }), frame([], { ...stop, urlContextMetadata })]);
    expect(items).toMatchObject([
      { type: "hosted-tool-call", kind: "web-fetch", input: '{"url":"https://a.example"}' },
      { type: "hosted-tool-result", text: "https://a.example" },
      { type: "hosted-tool-call" },
      { type: "hosted-tool-result", text: "https://b.example could not be read." },
      { type: "text" },
    ]);
    expect(usage).toEqual({ webFetches: 2 });
  });

  test("code that ran, with its output", () => {
    const { items } = fold([
      frame(
        [
          { executableCode: { language: "PYTHON", code: "1/0" } },
          { codeExecutionResult: { outcome: "OUTCOME_FAILED", output: "ZeroDivisionError" } },
          { text: "no" },
        ],
        stop,
      ),
    ]);
    expect(items).toMatchObject([
      { type: "hosted-tool-call", kind: "code-execution", name: "code_execution", input: '{"code":"1/0"}' },
      { type: "hosted-tool-result", kind: "code-execution", text: "OUTCOME_FAILED\nZeroDivisionError" },
      { type: "text" },
    ]);
    expect((items[1] as { callId: string }).callId).toBe((items[0] as { id: string }).id);
  });

  test("rule 183: an image is a medium, an unknown part stays whole", () => {
    const unknown = { hologram: { depth: 3 }, thoughtSignature: "s" };
    const { items } = fold([frame([{ inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } }, unknown], stop)]);
    expect(items).toEqual([
      { type: "media", kind: "image", mediaType: "image/png", source: { base64: "iVBORw0KGgo=" } },
      { type: "opaque", name: "hologram", native: { protocol: "gemini", fields: unknown } },
    ]);
  });
});
