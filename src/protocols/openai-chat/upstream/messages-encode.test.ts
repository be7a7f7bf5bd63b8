/** Conversations as a Chat server is told them. */
import { describe, expect, test } from "vitest";
import { issuer, send } from "../../../../test/support/chat-upstream.ts";
import { call, conversation, request, result, text, type Said } from "../../../../test/support/gemini.ts";
import type { Content, Item } from "../../../chat/chat.ts";
import { detailsState, plainState } from "../reasoning-state.ts";

const user = (...content: (string | Content)[]): Said => ({
  role: "user",
  content: content.map((one) => (typeof one === "string" ? text(one) : one)),
});
const assistant = (...content: Content[]): Said => ({ role: "assistant", content });
const system = (words: string): Said => ({ role: "system", content: [text(words)] });
const messagesOf = (turns: readonly Said[], options?: Parameters<typeof send>[1]) => send(conversation(turns), options).body.messages;
const PNG = "iVBORw0KGgo=";
const PDF = "JVBERi0xLjQ=";
const image: Content = { type: "media", kind: "image", mediaType: "image/png", source: { base64: PNG } };
const pdf: Content = { type: "media", kind: "document", mediaType: "application/pdf", source: { base64: PDF } };
const step = assistant(call("c1", "look"), call("c2", "read", '{"a":1.0}'));

describe("order", () => {
  test("rule 22: results go before the rest of the turn", () => {
    expect(messagesOf([user("hi"), assistant(call("c1", "look")), user("also", result("c1", "seen"))])).toEqual([
      { role: "user", content: "hi" },
      { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c1", content: "seen" },
      { role: "user", content: "also" },
    ]);
  });

  test("rule 18: a system turn never stands between calls and results", () => {
    const turns = [user("hi"), step, system("be brief"), user(result("c1", "1"), result("c2", "2"))];
    expect(messagesOf(turns).map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool", "developer"]);
    expect(messagesOf(turns, { facts: { systemTurns: false } }).at(-1)).toEqual({
      role: "user",
      content: "<system-reminder>\nbe brief\n</system-reminder>",
    });
  });

  test("rule 24: results keep the caller's order", () => {
    const tools = messagesOf([user("hi"), step, user(result("c2", "2"), result("c1", "1"))]).filter(({ role }) => role === "tool");
    expect(tools.map((message) => message["tool_call_id"])).toEqual(["c2", "c1"]);
  });

  test("rules 25, 89: a call that was never answered gets a result that says so, then the text", () => {
    const { body, losses } = send(conversation([user("hi"), step, user(result("c2", "2"), "stop that")]));
    expect(body.messages.slice(2)).toEqual([
      { role: "tool", tool_call_id: "c2", content: "2" },
      { role: "tool", tool_call_id: "c1", content: "[tool error] no result" },
      { role: "user", content: "stop that" },
    ]);
    expect(losses).toEqual([{ code: "missing-tool-result", path: "messages[1].content[0]", severity: "info" }]);
    expect(messagesOf([user("hi"), step]).map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
  });

  test("rule 26: a result without its call becomes words of the user", () => {
    const { body, losses } = send(conversation([user("hi"), assistant(text("well")), user(result("gone", "late"))]));
    expect(body.messages.at(-1)).toEqual({
      role: "user",
      content: [
        { type: "text", text: "Result of the tool call gone:" },
        { type: "text", text: "late" },
      ],
    });
    expect(losses.map(({ code }) => code)).toEqual(["orphan-tool-result"]);
  });

  test("rule 40: a step in pieces is one message of the assistant's", () => {
    const turns = [user("hi"), assistant(call("c1", "look")), assistant(text("looking")), user(result("c1", "seen"))];
    expect(messagesOf(turns)[1]).toMatchObject({ role: "assistant", content: "looking", tool_calls: [{ id: "c1" }] });
  });

  test("rule 36: a message with nothing left in it is left out", () => {
    expect(messagesOf([user("hi"), assistant({ type: "reasoning", text: "hm" }), user("well?")])).toHaveLength(2);
    expect(() => send(conversation([user("")]))).toThrow("no content");
  });

  test("rule 4: a longer history begins as the shorter did", () => {
    const turns = [
      user("hi"),
      step,
      system("note"),
      user(result("c2", [text("2"), image]), result("c1", "1"), "go on"),
      user("and"),
      assistant(text("done")),
      user("more"),
    ];
    for (const options of [{}, { dialect: null }, { facts: { systemTurns: false } }]) {
      const whole = messagesOf(turns, options);
      for (const length of [1, 4, 5, 6]) {
        const shorter = messagesOf(turns.slice(0, length), options);
        expect(whole.slice(0, shorter.length)).toEqual(shorter);
      }
    }
  });
});

describe("instructions", () => {
  const item = (words: string, more: { clientMetadata?: true } = {}): Item => ({
    type: "text",
    text: words,
    turn: 0,
    path: `system[${words}]`,
    ...more,
  });

  test("stand first, in one message, as the server names its operator", () => {
    const chat = { ...conversation([user("hi")]), system: [item("a"), item("b")] };
    expect(send(chat).body.messages[0]).toEqual({
      role: "developer",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    });
    expect(send(chat, { dialect: null }).body.messages[0]).toEqual({ role: "system", content: "a\n\nb" });
  });

  test("rule 352: the client's own bookkeeping stays here", () => {
    const chat = { ...conversation([user("hi")]), system: [item("billing", { clientMetadata: true }), item("a")] };
    const { body, losses } = send(chat);
    expect(body.messages[0]?.["content"]).toBe("a");
    expect(losses.map(({ code }) => code)).toEqual(["client-metadata"]);
  });
});

describe("calls", () => {
  const callsOf = (content: Content, options?: Parameters<typeof send>[1], tools = request.tools) =>
    send({ ...conversation([user("hi"), assistant(content)]), tools }, options).body.messages[1]?.["tool_calls"];

  test("rules 56, 58: arguments go as they were written, and none are an empty object", () => {
    expect(callsOf(call("c", "f", '{"b": 1.0, "a": 1e3}'))).toMatchObject([{ function: { arguments: '{"b": 1.0, "a": 1e3}' } }]);
    expect(callsOf(call("c", "f", ""))).toMatchObject([{ function: { arguments: "{}" } }]);
  });

  test("rule 66: free text is wrapped where the server knows functions only", () => {
    const custom: Content = { type: "tool-call", kind: "custom", id: "c", name: "patch", input: 'a "b"\n' };
    const tools = [{ type: "custom", name: "patch", path: "tools[0]" }] as const;
    expect(callsOf(custom, {}, tools)).toEqual([{ id: "c", type: "custom", custom: { name: "patch", input: 'a "b"\n' } }]);
    expect(callsOf(custom, { dialect: null }, tools)).toMatchObject([
      { type: "function", function: { arguments: '{"input":"a \\"b\\"\\n"}' } },
    ]);
  });

  test("rules 48, 50: ids are those the server takes, the same on call and result", () => {
    const long = `call_${"x".repeat(60)}`;
    const turns = [user("hi"), assistant(call(long, "f"), call("c2", "g")), user(result(long, "1"), result("c2", "2"))];
    for (const options of [{}, { dialect: { callIds: "nine-alphanumerics" } as const }]) {
      const messages = messagesOf(turns, options);
      const called = ((messages[1]?.["tool_calls"] ?? []) as { id: string }[]).map(({ id }) => id);
      expect(messages.slice(2).map((message) => message["tool_call_id"])).toEqual(called);
      expect(new Set(called).size).toBe(2);
      const law = options.dialect ? /^[a-zA-Z0-9]{9}$/ : /^.{1,40}$/;
      for (const id of called) expect(id).toMatch(law);
    }
  });
});

describe("results", () => {
  const resultOf = (content: string | readonly Content[], isError = false, options?: Parameters<typeof send>[1]) =>
    send(
      conversation([user("hi"), assistant(call("c1", "look")), user(result("c1", content, isError), "and now?")]),
      options,
    ).body.messages.slice(2);

  test("rules 73, 77, 78: lines, words for nothing, and a mark for errors", () => {
    expect(resultOf([text("a"), text("b")])[0]?.["content"]).toBe("a\nb");
    expect(resultOf([])[0]?.["content"]).toBe("(no output)");
    expect(resultOf("broken", true)[0]?.["content"]).toBe("[tool error] broken");
  });

  test("rules 74, 410, 411: pictures and files follow in a user's message, behind the whole run", () => {
    expect(resultOf([text("here"), image, pdf])).toEqual([
      { role: "tool", tool_call_id: "c1", content: "here\n[image, attached below]\n[document, attached below]" },
      {
        role: "user",
        content: [
          { type: "text", text: "Attached to the result of look (c1):" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
          { type: "file", file: { filename: "document.pdf", file_data: `data:application/pdf;base64,${PDF}` } },
          { type: "text", text: "and now?" },
        ],
      },
    ]);
  });

  test("rules 180, 408: a search hit and a loaded tool are words", () => {
    const hit: Content = { type: "search-result", title: "T", source: "https://a", content: [{ type: "text", text: "found" }] };
    expect(resultOf([hit, { type: "tool-reference", name: "f" }])[0]?.["content"]).toBe("T\nhttps://a\n\nfound\nTool f loaded.");
  });
});

describe("media", () => {
  const partsOf = (content: Content, options?: Parameters<typeof send>[1]) => {
    const { body, losses } = send(conversation([user(content)]), options);
    return { content: body.messages[0]?.["content"], losses: losses.map(({ code, severity }) => `${code} ${severity}`) };
  };

  test("rules 168, 181: pictures go as their bytes say, in standard base64", () => {
    const odd: Content = { type: "media", kind: "image", mediaType: "image/jpeg", source: { base64: "iVBOR\nw0KGgo" } };
    expect(partsOf(odd).content).toEqual([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }]);
    expect(partsOf({ type: "media", kind: "image", source: { url: "https://a/b.png" }, detail: "low" }).content).toEqual([
      { type: "image_url", image_url: { url: "https://a/b.png", detail: "low" } },
    ]);
  });

  test("rule 168: what bytes are counts: a PDF called an image is a file, an image called a document is an image", () => {
    expect(partsOf({ type: "media", kind: "image", mediaType: "image/png", source: { base64: PDF } }).content).toEqual([
      { type: "file", file: { filename: "document.pdf", file_data: `data:application/pdf;base64,${PDF}` } },
    ]);
    const picture = [{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }];
    expect(partsOf({ type: "media", kind: "document", source: { base64: PNG } }).content).toEqual(picture);
    expect(partsOf({ type: "media", kind: "image", source: { url: `data:image/jpeg;base64,${PNG}` } }).content).toEqual(picture);
  });

  test("rule 169: a picture that no server reads is refused", () => {
    const heic: Content = { type: "media", kind: "image", mediaType: "image/heic", source: { base64: "aGVpYw==" } };
    expect(partsOf(heic)).toEqual({ content: "[image]", losses: ["media-type contract"] });
  });

  test("a document of words is said in words (dossier B.0.6): files are PDFs", () => {
    const base64 = Buffer.from("a,é").toString("base64");
    const csv: Content = { type: "media", kind: "document", mediaType: "text/csv", title: "a.csv", source: { base64 } };
    expect(partsOf(csv)).toEqual({ content: "a.csv\na,é", losses: [] });
    expect(partsOf(csv, { dialect: null })).toEqual({ content: "a.csv\na,é", losses: [] });
  });

  test("rule 172: a document has a name; rule 173: a server without files refuses it", () => {
    expect(partsOf({ ...pdf, title: "a.pdf" }).content).toEqual([
      { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` } },
    ]);
    expect(partsOf(pdf, { dialect: null })).toEqual({ content: "[document]", losses: ["media-type contract"] });
  });

  test("rule 177: sound of the two formats there are", () => {
    const audio = (mediaType: string): Content => ({ type: "media", kind: "audio", mediaType, source: { base64: "UklGRg==" } });
    expect(partsOf(audio("audio/x-wav"), { model: "gpt-audio" }).content).toEqual([
      { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } },
    ]);
    expect(partsOf(audio("audio/ogg"), { model: "gpt-audio" }).losses).toEqual(["media-type contract"]);
    expect(partsOf(audio("audio/wav")).losses).toEqual(["media-type contract"]);
  });

  test("what the model cannot fetch, and what lies elsewhere, is refused", () => {
    const source = { url: "https://a/b.png" };
    expect(partsOf({ type: "media", kind: "image", source }, { facts: { fetches: [] } }).losses).toEqual(["media-url contract"]);
    expect(partsOf({ type: "media", kind: "document", source: { fileId: "file_1" } }).losses).toEqual(["media-file-id contract"]);
  });

  test("a picture that another model made goes at the beginning of the user's next turn", () => {
    const { body, losses } = send(conversation([user("draw"), assistant(text("here"), image), user("thanks")]));
    expect(body.messages.slice(1)).toEqual([
      { role: "assistant", content: "here" },
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
          { type: "text", text: "thanks" },
        ],
      },
    ]);
    expect(losses.map(({ code }) => code)).toEqual(["media-moved"]);
  });

  test("rules 407, 427: cache marks change nothing of what is sent, and are told as dropped", () => {
    expect(partsOf({ type: "text", text: "long", cache: {} }, { model: "gpt-6" })).toEqual({
      content: "long",
      losses: ["cache-mark info"],
    });
  });
});

describe("reasoning", () => {
  const own = plainState(issuer, "reasoning_content");
  const thought = (words: string, state = own): Content => ({ type: "reasoning", text: words, state });
  const turns = [
    user("hi"),
    assistant(thought("first"), call("c1", "look")),
    user(result("c1", "1")),
    assistant(thought("then"), text("done")),
    user("next"),
    assistant(thought("now"), call("c2", "look")),
    user(result("c2", "2")),
  ];
  const fieldOf = (dialect: NonNullable<Parameters<typeof send>[1]>["dialect"], key = "reasoning_content") =>
    messagesOf(turns, { dialect: dialect ?? {} }).map((message) => message[key]);

  test("rule 145: it goes back where the server wants it, of the present loop or of all turns", () => {
    expect(fieldOf({ replay: { field: "reasoning_content", turns: "tool-loop" } }).filter(Boolean)).toEqual(["now"]);
    expect(fieldOf({ replay: { field: "reasoning_content", turns: "all" } }).filter(Boolean)).toEqual(["first", "then", "now"]);
  });

  test("in the field it came in, or whole with what stood beside it", () => {
    const renamed = [user("hi"), assistant(thought("hm", plainState(issuer, "reasoning")), call("c1", "look")), user(result("c1", "1"))];
    const replay = { field: "reasoning_content", turns: "tool-loop" } as const;
    expect(messagesOf(renamed, { dialect: { replay } })[1]).toMatchObject({ reasoning: "hm" });
    const details = [{ type: "reasoning.text", text: "hm", signature: "s" }];
    const signed = [user("hi"), assistant(thought("hm", detailsState(issuer, details)), call("c1", "look")), user(result("c1", "1"))];
    expect(messagesOf(signed, { dialect: { replay: { field: "reasoning_details", turns: "all" } } })[1]).toMatchObject({
      reasoning_details: details,
    });
  });

  test("rule 436: nobody else gets it", () => {
    expect(fieldOf({}).filter(Boolean)).toEqual([]);
  });

  test("rule 131: reasoning that another minted, or nobody proved, is dropped and never becomes text", () => {
    const foreign = [
      user("hi"),
      assistant({ type: "reasoning", text: "secret", state: { ...own, issuer: { platform: "gemini" } } }, text("a")),
      user("b"),
    ];
    const { text: sent, losses } = send(conversation(foreign), { dialect: { replay: { field: "reasoning_content", turns: "all" } } });
    expect(sent).not.toContain("secret");
    expect(losses.map(({ code }) => code)).toEqual(["foreign-reasoning"]);
  });

  test("rule 139: a call's signature returns on that call, to the one that minted it", () => {
    const state = { issuer, kind: "thought-signature", value: "sig" } as const;
    const signed = [user("hi"), assistant(call("c1", "a"), call("c2", "b", "{}", state)), user(result("c1", "1"), result("c2", "2"))];
    const calls = messagesOf(signed)[1]?.["tool_calls"] as object[];
    expect(calls[0]).not.toHaveProperty("extra_content");
    expect(calls[1]).toMatchObject({ extra_content: { google: { thought_signature: "sig" } } });
  });
});

test("an answer the caller began is continued where a server can, and told as lost where it cannot", () => {
  const turns = [user("hi"), assistant(text("I th"))];
  expect(messagesOf(turns, { dialect: { prefill: "prefix" } }).at(-1)).toEqual({ role: "assistant", content: "I th", prefix: true });
  expect(send(conversation(turns), { dialect: { prefill: "continue_final_message" } }).body).toMatchObject({
    continue_final_message: true,
    add_generation_prompt: false,
  });
  expect(send(conversation(turns)).losses).toEqual([{ code: "prefill", path: "messages[1]", severity: "semantic" }]);
});
