import { describe, expect, test } from "vitest";
import { call, conversation, issuer, result, send, text } from "../../../../test/support/gemini.ts";
import type { Content } from "../../../chat/chat.ts";
import type { OpaqueState } from "../../../chat/state.ts";

const OLD = "gemini-2.5-flash";
const user = (...content: Content[]) => ({ role: "user" as const, content });
const system = (...content: Content[]) => ({ role: "system" as const, content });
const assistant = (...content: Content[]) => ({ role: "assistant" as const, content });
const minted: OpaqueState = { issuer, kind: "thought-signature", value: "mine" };
const foreign: OpaqueState = { issuer: { platform: "vertex" }, kind: "thought-signature", value: "theirs" };
const claude: OpaqueState = { issuer: { platform: "anthropic" }, kind: "thinking", value: "EqQB" };
const png = (base64 = "iVBORw0KGgo="): Content => ({ type: "media", kind: "image", mediaType: "image/png", source: { base64 } });
const pngPart = { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } };
const SENTINEL = "skip_thought_signature_validator";

const functionCall = (id: string, name: string, args: object = {}): object => ({ functionCall: { id, name, args } });
const response = (id: string, name: string, answer: object, more: object = {}): object => ({
  functionResponse: { id, name, response: answer, ...more },
});
const contentsOf = (turns: Parameters<typeof conversation>[0], model?: string): unknown => send(conversation(turns), model).body.contents;

describe("turns", () => {
  test("each turn of the caller's is contents of its own", () => {
    expect(contentsOf([user(text("a"), text("b")), user(text("c")), assistant(text("d"))])).toEqual([
      { role: "user", parts: [{ text: "a" }, { text: "b" }] },
      { role: "user", parts: [{ text: "c" }] },
      { role: "model", parts: [{ text: "d" }] },
    ]);
  });

  test("rule 19: a system turn in the middle is a reminder in its place", () => {
    const { body, losses } = send(
      conversation([user(text("a")), system(text("be brief")), assistant(text("b"))], {
        system: [{ type: "text", text: "rules", turn: -1, path: "system" }],
      }),
    );
    expect(body.systemInstruction).toEqual({ parts: [{ text: "rules" }] });
    expect(body.contents[1]).toEqual({ role: "user", parts: [{ text: "<system-reminder>\nbe brief\n</system-reminder>" }] });
    expect(losses).toEqual([{ code: "system-turn-as-user", path: "messages[1].content[0]", severity: "info" }]);
  });

  test("rule 28: consecutive assistant turns are one, also when what stood between them says nothing", () => {
    const merged = { role: "model", parts: [{ text: "let me see" }, { ...functionCall("c1", "f"), thoughtSignature: SENTINEL }] };
    expect(contentsOf([user(text("a")), assistant(text("let me see")), assistant(call("c1", "f")), user(result("c1", "x"))])).toMatchObject(
      [{}, merged, {}],
    );
    expect(
      contentsOf([user(text("a")), assistant(text("let me see")), user(text("")), assistant(call("c1", "f")), user(result("c1", "x"))]),
    ).toMatchObject([{}, merged, {}]);
  });

  test("a history that begins with the model gets an opening", () => {
    const { body, losses } = send(conversation([assistant(call("c1", "f")), user(result("c1", "x"))]));
    expect(body.contents).toMatchObject([{ role: "user" }, { role: "model" }, { role: "user" }]);
    expect(losses).toEqual([{ code: "opening-turn-added", path: "messages[0]", severity: "info" }]);
  });

  test("a request with nothing to say is refused", () => {
    expect(() => send(conversation([user(text(""))]))).toThrow(expect.objectContaining({ kind: "invalid-request" }));
  });

  test("rule 352: the client's bookkeeping is left out and recorded", () => {
    const { body, losses } = send(
      conversation([user(text("a"))], {
        system: [{ type: "text", text: "x-anthropic-billing-header: 1", clientMetadata: true, turn: -1, path: "system[0]" }],
      }),
    );
    expect(body.systemInstruction).toBeUndefined();
    expect(losses).toEqual([{ code: "client-metadata", path: "system[0]", severity: "info" }]);
  });

  test("rule 35: empty text is dropped, unless a signature stands on it", () => {
    const empty = (state?: OpaqueState): Content => ({ type: "text", text: "", ...(state && { state }) });
    expect(contentsOf([user(text("a")), assistant(empty(), text("b"), empty(minted), empty(foreign))])).toEqual([
      { role: "user", parts: [{ text: "a" }] },
      { role: "model", parts: [{ text: "b" }, { text: "", thoughtSignature: "mine" }] },
    ]);
  });
});

describe("calls and results", () => {
  test("rules 24 and 29: results in completion order go back in call order, in one content", () => {
    const contents = contentsOf([
      user(text("a")),
      assistant(call("c1", "f"), call("c2", "g")),
      user(result("c2", "two"), result("c1", "one")),
    ]);
    expect(contents).toMatchObject([
      {},
      { role: "model", parts: [functionCall("c1", "f"), functionCall("c2", "g")] },
      { role: "user", parts: [response("c1", "f", { output: "one" }), response("c2", "g", { output: "two" })] },
    ]);
  });

  test("rule 29: results that come in several turns are one content", () => {
    const contents = contentsOf([
      user(text("a")),
      assistant(call("c1", "f"), call("c2", "g")),
      user(result("c1", "one")),
      user(result("c2", "two")),
      user(text("b")),
    ]);
    expect(contents).toMatchObject([
      {},
      {},
      { parts: [response("c1", "f", { output: "one" }), response("c2", "g", { output: "two" })] },
      { parts: [{ text: "b" }] },
    ]);
  });

  test("rules 27 and 89: a call without a result gets one, before what the user says", () => {
    const { body, losses } = send(
      conversation([user(text("a")), assistant(call("c1", "f"), call("c2", "g")), user(text("stop"), result("c1", "one"))]),
    );
    expect(body.contents[2]).toEqual({
      role: "user",
      parts: [response("c1", "f", { output: "one" }), response("c2", "g", { error: "no result" }), { text: "stop" }],
    });
    expect(losses).toContainEqual({ code: "missing-tool-result", path: "messages[1].content[1]", severity: "info" });
    expect(contentsOf([user(text("a")), assistant(call("c1", "f")), user(text("never mind"))], OLD)).toMatchObject([
      {},
      {},
      { parts: [response("c1", "f", { error: "no result" })] },
      { parts: [{ text: "never mind" }] },
    ]);
  });

  test("a system turn between calls and results stands behind them", () => {
    const contents = contentsOf([user(text("a")), assistant(call("c1", "f")), system(text("s")), user(result("c1", "one"), text("b"))]);
    expect(contents).toMatchObject([
      {},
      {},
      { parts: [response("c1", "f", { output: "one" })] },
      { parts: [{ text: expect.stringContaining("s") }] },
      { parts: [{ text: "b" }] },
    ]);
  });

  test("rule 26: a result without a call is the user's text", () => {
    const { body, losses } = send(conversation([user(text("a")), assistant(text("b")), user(result("c9", "late"), text("c"))]));
    expect(body.contents[2]).toEqual({ role: "user", parts: [{ text: "Result of the tool call c9:" }, { text: "late" }, { text: "c" }] });
    expect(losses).toEqual([{ code: "orphan-tool-result", path: "messages[2].content[0]", severity: "semantic" }]);
  });

  test("rule 53: a result that comes too late is named after its tool", () => {
    const { body } = send(
      conversation([user(text("a")), assistant(call("c1", "f")), user(text("b")), assistant(text("c")), user(result("c1", "late", true))]),
    );
    expect(body.contents.at(-1)).toEqual({ role: "user", parts: [{ text: "Result of the tool call f (an error):" }, { text: "late" }] });
  });

  test("rule 52: ids that repeat are paired in order, and ids of earlier steps mean nothing", () => {
    const step = [assistant(call("c0", "f"), call("c0", "g")), user(result("c0", "one"), result("c0", "two"))];
    const answer = { parts: [response("c0", "f", { output: "one" }), response("c0", "g", { output: "two" })] };
    expect(contentsOf([user(text("a")), ...step, ...step])).toMatchObject([{}, {}, answer, {}, answer]);
  });

  test("rules 78 and 79: errors are errors, and JSON in a result stays text", () => {
    expect(
      contentsOf([user(text("a")), assistant(call("c1", "f"), call("c2", "f")), user(result("c1", "bad", true), result("c2", '{"a":1}'))]),
    ).toMatchObject([{}, {}, { parts: [response("c1", "f", { error: "bad" }), response("c2", "f", { output: '{"a":1}' })] }]);
  });

  test("rule 77: nothing has one fixed form", () => {
    for (const nothing of [[], [text("")]]) {
      expect(contentsOf([user(text("a")), assistant(call("c1", "f")), user(result("c1", nothing))])).toMatchObject([
        {},
        {},
        { parts: [response("c1", "f", { output: "(no output)" })] },
      ]);
    }
  });

  test("rules 76 and 410: media go into the result, or beside all results on older models", () => {
    const turns = [
      user(text("a")),
      assistant(call("c1", "f"), call("c2", "g")),
      user(result("c1", [text("see"), png()]), result("c2", [png()])),
    ];
    expect(contentsOf(turns)).toMatchObject([
      {},
      {},
      {
        parts: [
          response("c1", "f", { output: "see" }, { parts: [pngPart] }),
          response("c2", "g", { output: "(attached)" }, { parts: [pngPart] }),
        ],
      },
    ]);
    expect(contentsOf(turns, OLD)).toMatchObject([
      {},
      {},
      { parts: [response("c1", "f", { output: "see" }), response("c2", "g", { output: "(attached)" }), pngPart, pngPart] },
    ]);
  });

  test("dossier B.3: other content follows the results, in a content of its own on older models", () => {
    const turns = [user(text("a")), assistant(call("c1", "f")), user(result("c1", "x"), text("and now?"))];
    expect(contentsOf(turns)).toMatchObject([{}, {}, { parts: [response("c1", "f", { output: "x" }), { text: "and now?" }] }]);
    expect(contentsOf(turns, OLD)).toMatchObject([
      {},
      {},
      { parts: [response("c1", "f", { output: "x" })] },
      { parts: [{ text: "and now?" }] },
    ]);
  });

  test("rule 180: search hits keep their title and source", () => {
    const hit: Content = { type: "search-result", title: "T", source: "https://t.example", content: [{ type: "text", text: "body" }] };
    expect(contentsOf([user(text("a")), assistant(call("c1", "f")), user(result("c1", [hit]), hit)])).toMatchObject([
      {},
      {},
      { parts: [response("c1", "f", { output: "T\nhttps://t.example\n\nbody" }), { text: "T\nhttps://t.example\n\nbody" }] },
    ]);
  });

  test("rule 58: arguments keep their digits", () => {
    const chat = conversation([user(text("a")), assistant(call("c1", "f", '{"n":9007199254740993,"x":1.0}')), user(result("c1", "x"))]);
    expect(send(chat).text).toContain('"args":{"n":9007199254740993,"x":1.0}');
  });

  test("rules 54 and 55: arguments that are no object are kept in one", () => {
    const argsOf = (input: string): unknown =>
      send(conversation([user(text("a")), assistant(call("c1", "f", input)), user(result("c1", "x"))])).body.contents[1]?.parts[0];
    expect(argsOf("")).toMatchObject(functionCall("c1", "f"));
    expect(argsOf("null")).toMatchObject(functionCall("c1", "f"));
    expect(argsOf("[1]")).toMatchObject(functionCall("c1", "f", { _raw: "[1]" }));
    expect(argsOf('{"a":')).toMatchObject(functionCall("c1", "f", { _raw: '{"a":' }));
  });
});

describe("reasoning state", () => {
  test("rules 137 and 138: only the first call of a step gets the sentinel, and only on models that want one", () => {
    const turns = [
      user(text("a")),
      assistant(call("c1", "f"), call("c2", "g")),
      user(result("c1", "1"), result("c2", "2")),
      assistant(call("c3", "f")),
      user(result("c3", "3")),
    ];
    const signatures = (model?: string): unknown[] =>
      send(conversation(turns), model).body.contents.flatMap(({ role, parts }) =>
        role === "model" ? parts.map((part) => part["thoughtSignature"]) : [],
      );
    expect(signatures()).toEqual([SENTINEL, undefined, SENTINEL]);
    expect(signatures(OLD)).toEqual([undefined, undefined, undefined]);
  });

  test("rules 139 and 140: a signature goes back to its own call; another's makes way for the sentinel", () => {
    const step = (first?: OpaqueState, second?: OpaqueState): unknown[] =>
      send(
        conversation([
          user(text("a")),
          assistant(call("c1", "f", "{}", first), call("c2", "g", "{}", second)),
          user(result("c1", "1"), result("c2", "2")),
        ]),
      ).body.contents[1]?.parts.map((part) => part["thoughtSignature"]) ?? [];
    expect(step(minted)).toEqual(["mine", undefined]);
    expect(step(undefined, minted)).toEqual([SENTINEL, "mine"]);
    expect(step(foreign)).toEqual([SENTINEL, undefined]);
    expect(step({ ...minted, issuer: { ...issuer, account: "other" } })).toEqual([SENTINEL, undefined]);
    expect(step({ ...minted, issuer: { ...issuer, model: "other" } })).toEqual([SENTINEL, undefined]);
  });

  test("thoughts go back with a signature only", () => {
    const { body, losses } = send(
      conversation([
        user(text("a")),
        assistant(
          { type: "reasoning", text: "own", state: minted },
          { type: "reasoning", text: "summary" },
          { type: "reasoning", text: "Claude's", state: claude },
          text("b"),
        ),
      ]),
    );
    expect(body.contents[1]?.parts).toEqual([{ text: "own", thought: true, thoughtSignature: "mine" }, { text: "b" }]);
    expect(losses).toEqual([
      { code: "foreign-reasoning", path: "messages[1].content[1]", severity: "info" },
      { code: "foreign-reasoning", path: "messages[1].content[2]", severity: "info" },
    ]);
  });

  test("rule 141: a signature on a text goes back on it", () => {
    const { body } = send(conversation([user(text("a")), assistant({ type: "text", text: "b", state: minted })]));
    expect(body.contents[1]?.parts).toEqual([{ text: "b", thoughtSignature: "mine" }]);
  });
});

describe("media and other content", () => {
  const sent = (content: Content, model?: string): { parts: unknown; codes: string[] } => {
    const { body, losses } = send(conversation([user(text("a"), content)]), model);
    return { parts: body.contents[0]?.parts.slice(1), codes: losses.map(({ code, severity }) => `${code} ${severity}`) };
  };

  test("rule 181: base64 is normalised", () => {
    expect(sent(png("iVBO\nRw0K\nGgo"))).toEqual({ parts: [pngPart], codes: [] });
    expect(sent({ type: "media", kind: "audio", mediaType: "audio/wav", source: { base64: "-_8=" } }).parts).toEqual([
      { inlineData: { mimeType: "audio/wav", data: "+/8=" } },
    ]);
  });

  test("rule 168: the bytes of an image know its type better than its label", () => {
    expect(sent({ type: "media", kind: "image", mediaType: "image/jpeg", source: { base64: "iVBORw0KGgo=" } }).parts).toEqual([pngPart]);
    expect(sent({ type: "media", kind: "document", source: { base64: "JVBERi0x" } }).parts).toEqual([
      { inlineData: { mimeType: "application/pdf", data: "JVBERi0x" } },
    ]);
  });

  test("a plain-text document is inline text behind its title", () => {
    expect(sent({ type: "media", kind: "document", title: "Notes", context: "old", source: { text: "é" } }).parts).toEqual([
      { text: "Notes\nold" },
      { inlineData: { mimeType: "text/plain", data: "w6k=" } },
    ]);
    expect(sent({ type: "media", kind: "document", source: { content: [text("x"), png()] } }).parts).toEqual([{ text: "x" }, pngPart]);
  });

  test.for([
    "gs://bucket/a.png",
    "https://www.youtube.com/watch?v=1",
    "https://youtu.be/1",
    "https://generativelanguage.googleapis.com/v1beta/files/abc",
  ])("rule 171: Gemini fetches %s", (url) => {
    expect(sent({ type: "media", kind: "video", mediaType: "video/mp4", source: { url } })).toEqual({
      parts: [{ fileData: { mimeType: "video/mp4", fileUri: url } }],
      codes: [],
    });
  });

  test.for(["https://youtube.com.evil.example/a.png", "http://a.example/a.png", "https://a.example/picture.png", "file:///etc/passwd"])(
    "rule 171: %s that nobody fetched would break the answer, and is never silently dropped",
    (url) => {
      expect(sent({ type: "media", kind: "image", mediaType: "image/png", source: { url } })).toEqual({
        parts: [{ text: `[image: ${url}]` }],
        codes: ["media-url contract"],
      });
    },
  );

  test("media in a data URL are inline", () => {
    expect(sent({ type: "media", kind: "image", source: { url: "data:image/png;base64,iVBORw0KGgo=" } }).parts).toEqual([pngPart]);
  });

  test("a provider's file id is of no use here", () => {
    expect(sent({ type: "media", kind: "document", source: { fileId: "file_1" } })).toEqual({
      parts: [{ text: "[document]" }],
      codes: ["media-file-id contract"],
    });
  });

  test("rule 93: what another provider ran is told as text, never as a call", () => {
    const parts = send(
      conversation([
        user(text("a")),
        assistant(
          { type: "hosted-tool-call", id: "s1", kind: "web-search", name: "web_search", input: '{"query":"q"}' },
          { type: "hosted-tool-result", callId: "s1", kind: "web-search", text: "", sources: [{ url: "https://a.example", title: "A" }] },
          text("b"),
        ),
      ]),
    ).body.contents[1]?.parts;
    expect(parts).toEqual([{ text: '[web_search] {"query":"q"}' }, { text: "[web-search result]\nA: https://a.example" }, { text: "b" }]);
  });

  test("unknown content is on the ledger", () => {
    expect(
      sent({ type: "opaque", name: "container_upload", native: { protocol: "anthropic-messages", fields: { type: "container_upload" } } }),
    ).toEqual({ parts: [], codes: ["opaque-content semantic"] });
    expect(sent({ type: "opaque", name: "hologram", native: { protocol: "gemini", fields: { hologram: {} } } })).toEqual({
      parts: [{ hologram: {} }],
      codes: [],
    });
  });

  test("rules 407 and 427: a cache mark changes nothing but the ledger", () => {
    expect(sent({ ...text("b"), cache: { ttl: "1h" } })).toEqual({ parts: [{ text: "b" }], codes: ["cache-mark info"] });
  });
});

test.each([
  ["low", undefined, { ...pngPart, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } }, []],
  ["high", undefined, { ...pngPart, mediaResolution: { level: "MEDIA_RESOLUTION_HIGH" } }, []],
  ["auto", undefined, pngPart, []],
  ["original", undefined, pngPart, ["media-detail"]],
  ["low", OLD, pngPart, ["media-detail"]],
] as const)("rule 179: to be looked at closely: %s, by %s", (detail, model, part, codes) => {
  const { body, losses } = send(conversation([user({ ...png(), detail } as Content)]), model);
  expect(body.contents).toEqual([{ role: "user", parts: [part] }]);
  expect(losses.map(({ code }) => code)).toEqual(codes);
});

test("rule 179: how closely to look is said of a picture in a turn, never of one in a result", () => {
  const shown: Content = { type: "tool-result", callId: "c1", content: [{ ...png(), detail: "low" } as Content], isError: false };
  const { body, losses } = send(conversation([user(text("q")), assistant(call("c1", "f")), user(shown)]));
  expect(JSON.stringify(body.contents)).not.toContain("mediaResolution");
  expect(losses.map(({ code }) => code)).toContain("media-detail");
});
