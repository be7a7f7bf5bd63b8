/** Every fault does on the wire what its name says, seen from a bare socket, in every form an answer can have. */
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RawConnection, type RawResponse } from "../../test/support/raw-http.ts";
import { startSimulator, type Simulator } from "./server.ts";
import type { FaultName, ScriptItem } from "./types.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ record: true });
});
afterAll(() => simulator.close());

interface Form {
  readonly path: string;
  readonly body: object;
  readonly stream: boolean;
  /** Whether the bytes are an answer that came to its end. */
  readonly isWhole: (body: string) => boolean;
  /** Whether they hold content, and whether they hold an error. */
  readonly hasContent: (body: string) => boolean;
  readonly hasError: (body: string) => boolean;
}

const messages = { model: "claude-opus-5-5", max_tokens: 4096, messages: [{ role: "user", content: "Hi, 世界" }] };
const gemini = { contents: [{ parts: [{ text: "Hi, 世界" }] }] };
const responses = { model: "gpt-6-sol", input: "Hi, 世界" };
const chat = { model: "gpt-6-sol", messages: [{ role: "user", content: "Hi, 世界" }] };
const geminiPath = "/v1beta/models/gemini-2.5-flash";
const isJson = (body: string) => {
  try {
    return JSON.parse(body) !== undefined;
  } catch {
    return false;
  }
};
const anthropicError = (body: string) => body.includes('"type":"error","error":{"type":"overloaded_error"');
const openAiError = (body: string) => body.includes('"error":{"message":') && body.includes('"code":"overloaded"');
const googleError = (body: string) => /"error":\s*\{\s*"code":\s*503/.test(body);

const FORMS: Readonly<Record<string, Form>> = {
  "a Messages stream": {
    path: "/v1/messages",
    body: { ...messages, stream: true },
    stream: true,
    isWhole: (body) => body.endsWith('data: {"type":"message_stop"}\n\n'),
    hasContent: (body) => body.includes("text_delta"),
    hasError: (body) => body.includes("event: error\n") && anthropicError(body),
  },
  "a Messages answer": {
    path: "/v1/messages",
    body: messages,
    stream: false,
    isWhole: isJson,
    hasContent: (body) => body.includes("You said"),
    hasError: anthropicError,
  },
  "a Chat stream": {
    path: "/v1/chat/completions",
    body: { ...chat, stream: true },
    stream: true,
    isWhole: (body) => body.endsWith("data: [DONE]\n\n"),
    hasContent: (body) => body.includes('"content":"You'),
    hasError: openAiError,
  },
  "a Chat answer": {
    path: "/v1/chat/completions",
    body: chat,
    stream: false,
    isWhole: isJson,
    hasContent: (body) => body.includes("You said"),
    hasError: openAiError,
  },
  "a Responses stream": {
    path: "/v1/responses",
    body: { ...responses, stream: true },
    stream: true,
    isWhole: (body) => /\nevent: response\.completed\ndata: .*\n\n$/.test(body),
    hasContent: (body) => body.includes("output_text.delta"),
    hasError: (body) => body.includes("event: error\n") && body.includes('"code":"server_is_overloaded"'),
  },
  "a Responses answer": {
    path: "/v1/responses",
    body: responses,
    stream: false,
    isWhole: isJson,
    hasContent: (body) => body.includes("You said"),
    hasError: openAiError,
  },
  "a Gemini stream": {
    path: `${geminiPath}:streamGenerateContent?alt=sse`,
    body: gemini,
    stream: true,
    isWhole: (body) => body.includes('"finishReason"') && body.endsWith("}\r\n\r\n"),
    hasContent: (body) => body.includes('"text":"You'),
    hasError: googleError,
  },
  "a Gemini array": {
    path: `${geminiPath}:streamGenerateContent`,
    body: gemini,
    stream: true,
    isWhole: (body) => isJson(body) && body.includes('"finishReason"'),
    hasContent: (body) => body.includes('"text": "You'),
    hasError: googleError,
  },
  "a Gemini answer": {
    path: `${geminiPath}:generateContent`,
    body: gemini,
    stream: false,
    isWhole: isJson,
    hasContent: (body) => body.includes("You said"),
    hasError: googleError,
  },
};

const HEADERS = { "content-type": "application/json", "anthropic-version": "2023-06-01" };

function send(form: Form, ...script: readonly (ScriptItem | FaultName)[]): RawConnection {
  simulator.script(...script);
  const connection = new RawConnection(simulator.port);
  connection.send("POST", form.path, HEADERS, JSON.stringify(form.body));
  return connection;
}

async function answerOf(
  form: Form,
  ...script: readonly (ScriptItem | FaultName)[]
): Promise<RawResponse & { readonly text: string; readonly end: string }> {
  const connection = send(form, ...script);
  const response = await connection.response();
  connection.close();
  return { ...response, text: response.body.toString("utf8"), end: connection.end };
}

/** Only a request that was answered on another connection shows that this one stays silent. */
async function stillHangs(connection: RawConnection, form: Form): Promise<void> {
  const before = connection.received;
  await answerOf(form);
  expect(connection.received).toEqual(before);
  expect(connection.end).toBe("open");
  const hanging = simulator.requests.findLast(({ outcome }) => outcome === "open");
  connection.close();
  await vi.waitFor(() => expect(hanging?.outcome).toBe("client-left"));
}

describe.each(Object.entries(FORMS))("%s", (_name, form) => {
  const errorStatus = form.path.startsWith("/v1/messages") ? 529 : 503;

  test("is whole without a fault", async () => {
    const { status, text, complete, end } = await answerOf(form);
    expect({ status, complete, end, whole: form.isWhole(text), content: form.hasContent(text), error: form.hasError(text) }).toEqual({
      status: 200,
      complete: true,
      end: "open",
      whole: true,
      content: true,
      error: false,
    });
  });

  test.each(["400", "401", "402", "403", "404", "408", "409", "413", "429", "500", "502", "503", "504", "529"] as const)(
    "%s is that status with an error body",
    async (fault) => {
      const { status, text, headers } = await answerOf(form, { fault, retryAfter: 2, retryAfterMs: 1500, retryInfo: 3 });
      expect(status).toBe(Number(fault));
      expect(JSON.parse(text)).toMatchObject(
        form.path.endsWith(":streamGenerateContent")
          ? [{ error: { message: expect.any(String) } }]
          : { error: { message: expect.any(String) } },
      );
      expect([headers.get("retry-after"), headers.get("retry-after-ms")]).toEqual(["2", "1500"]);
      expect(text.includes('"retryDelay": "3s"')).toBe(form.path.startsWith("/v1beta"));
      const bare = await answerOf(form, fault);
      expect([bare.headers.get("retry-after"), bare.headers.get("retry-after-ms"), bare.text.includes("retryDelay")]).toEqual([
        undefined,
        undefined,
        false,
      ]);
    },
  );

  test("hang-before-headers", async () => {
    const connection = send(form, "hang-before-headers");
    await vi.waitFor(() => expect(simulator.requests.at(-1)?.outcome).toBe("open"));
    expect(connection.received).toHaveLength(0);
    await stillHangs(connection, form);
  });

  test("hang-after-headers", async () => {
    const connection = send(form, "hang-after-headers");
    await connection.until(({ received }) => received.includes("\r\n\r\n"));
    expect(connection.received.subarray(-4).toString()).toBe("\r\n\r\n");
    await stillHangs(connection, form);
  });

  test("hang-mid-stream", async () => {
    const connection = send(form, "hang-mid-stream");
    await connection.until(({ received }) => form.hasContent(received.toString("utf8")));
    expect(form.isWhole(connection.received.toString("utf8"))).toBe(false);
    await stillHangs(connection, form);
  });

  test("reset-before-headers", async () => {
    const connection = send(form, "reset-before-headers");
    await connection.until(({ end }) => end !== "open");
    expect([connection.end, connection.received.length]).toEqual(["reset", 0]);
    await vi.waitFor(() => expect(simulator.requests.at(-1)?.outcome).toBe("cut"));
  });

  test("reset-after-headers", async () => {
    const connection = send(form, "reset-after-headers");
    await connection.until(({ end }) => end !== "open");
    expect(connection.end).toBe("reset");
    expect(connection.received.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  });

  test("reset-mid-event", async () => {
    const connection = send(form, "reset-mid-event");
    await connection.until(({ end }) => end !== "open");
    const { body, complete } = await connection.response();
    expect([connection.end, complete]).toEqual(["reset", false]);
    expect(form.hasContent(body.toString("utf8"))).toBe(true);
    expect(body.toString("utf8")).not.toMatch(/\n\r?\n$/);
  });

  test("end-early", async () => {
    const { text, complete, end } = await answerOf(form, "end-early");
    expect([complete, end, form.isWhole(text), form.hasContent(text)]).toEqual([true, "open", false, true]);
  });

  test("error-in-200", async () => {
    const { status, text, headers } = await answerOf(form, { fault: "error-in-200", status: errorStatus });
    expect([status, headers.get("content-type")?.split(";")[0]]).toEqual([200, "application/json"]);
    expect(JSON.stringify(JSON.parse(text))).toMatch(/overloaded|503/);
  });

  test("error-first", async () => {
    const { status, text } = await answerOf(form, { fault: "error-first", status: errorStatus });
    expect([status, form.hasError(text), form.hasContent(text)]).toEqual([200, true, false]);
    expect(text).not.toMatch(/message_start|"role":"assistant"/);
  });

  test("error-before-content", async () => {
    const { text } = await answerOf(form, { fault: "error-before-content", status: errorStatus });
    expect([form.hasError(text), form.hasContent(text)]).toEqual([true, false]);
    expect(/message_start|"role":"assistant"/.test(text)).toBe(!form.path.startsWith("/v1beta") && form.stream);
  });

  test("error-after-content", async () => {
    const { text } = await answerOf(form, { fault: "error-after-content", status: errorStatus });
    expect([form.hasError(text), form.hasContent(text)]).toEqual([true, form.stream]);
    if (form.path.endsWith(":streamGenerateContent")) expect(JSON.parse(text)).toHaveLength(2);
  });

  test("empty", async () => {
    const { status, body, complete, headers } = await answerOf(form, "empty");
    expect([status, body.length, complete]).toEqual([200, 0, true]);
    expect(headers.get("content-type")).toBe((await answerOf(form)).headers.get("content-type"));
  });

  test("json-for-stream", async () => {
    const { headers, text } = await answerOf(form, "json-for-stream");
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    expect(headers.get("transfer-encoding")).toBeUndefined();
    expect(Array.isArray(JSON.parse(text))).toBe(false);
  });

  test("garbage-json", async () => {
    const { status, text, complete } = await answerOf(form, "garbage-json");
    expect([status, complete]).toEqual([200, true]);
    const documents = text.includes("data: ") ? [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => json as string) : [text];
    expect(documents.filter((document) => document !== "[DONE]" && !isJson(document))).toHaveLength(1);
  });

  test("html", async () => {
    const { status, headers, text } = await answerOf(form, "html");
    expect([status, headers.get("content-type")]).toEqual([502, "text/html"]);
    expect(text).toContain("<html>");
    expect((await answerOf(form, { fault: "html", status: 200 })).status).toBe(200);
  });

  test.each(["error-in-200", "error-after-content", "html", "json-for-stream", "end-early"] as const)(
    "%s: the script's headers are added, also to an answer in another's place",
    async (fault) => {
      const { headers } = await answerOf(form, { fault, retryAfter: 2, headers: { "x-own": "yes" } });
      expect([headers.get("retry-after"), headers.get("x-own")]).toEqual(["2", "yes"]);
    },
  );

  test("wrong-content-type", async () => {
    const { headers, text } = await answerOf(form, "wrong-content-type");
    expect([headers.get("content-type"), form.isWhole(text)]).toEqual(["text/plain", true]);
  });

  test("truncated-gzip", async () => {
    const { headers, body, complete } = await answerOf(form, "truncated-gzip");
    expect([headers.get("content-encoding"), complete]).toEqual(["gzip", true]);
    expect(() => gunzipSync(body)).toThrow("unexpected end of file");
  });

  test("slow-drip", async () => {
    const { chunks, text } = await answerOf({ ...form, stream: true }, { fault: "slow-drip", chunkDelayMs: 1 });
    expect(form.isWhole(text)).toBe(true);
    if (form.stream) {
      expect(chunks.length).toBeGreaterThan(20);
      expect(Math.max(...chunks.map(({ length }) => length))).toBe(16);
    }
  });

  test("split-bytes", async () => {
    const { chunks, body } = await answerOf(form, { fault: "split-bytes", text: "Hi." });
    expect(body).toEqual((await answerOf(form, { text: "Hi." })).body);
    if (form.stream) expect(new Set(chunks.map(({ length }) => length))).toEqual(new Set([1]));
  });

  test("huge-line", async () => {
    const { text } = await answerOf(form, { fault: "huge-line", size: 300_000 });
    expect(form.isWhole(text)).toBe(true);
    const longest = text.split("\n").reduce((most, line) => Math.max(most, line.length), 0);
    expect(longest).toBeGreaterThan(300_000);
  });

  test("close-after-answer", async () => {
    const connection = send(form, "close-after-answer");
    const { headers, body } = await connection.response();
    expect(form.isWhole(body.toString("utf8"))).toBe(true);
    expect(headers.get("connection")).toBe("keep-alive");
    await connection.until(({ end }) => end !== "open");
    expect(connection.end).toBe("closed");
  });
});

test("a connection without a fault serves the next request", async () => {
  const form = FORMS["a Messages answer"] as Form;
  const connection = send(form);
  const first = await connection.response();
  connection.send("POST", form.path, HEADERS, JSON.stringify(form.body));
  expect((await connection.response()).body).toEqual(first.body);
  connection.close();
});

test("the faults that a vendor has words for", async () => {
  const claude = FORMS["a Messages answer"] as Form;
  const openAi = FORMS["a Chat stream"] as Form;
  expect(await answerOf(openAi, "invalid-key")).toMatchObject({ status: 401, text: expect.stringContaining('"code":"invalid_api_key"') });
  expect(await answerOf(openAi, "no-credit")).toMatchObject({ status: 429, text: expect.stringContaining('"code":"insufficient_quota"') });
  expect(await answerOf(openAi, "context-too-long")).toMatchObject({
    status: 400,
    text: expect.stringContaining('"code":"context_length_exceeded"'),
  });
  const google = FORMS["a Gemini answer"] as Form;
  expect(await answerOf(claude, "invalid-key")).toMatchObject({ status: 401, text: expect.stringContaining("invalid x-api-key") });
  expect(await answerOf(google, "invalid-key")).toMatchObject({ status: 400, text: expect.stringContaining("API_KEY_INVALID") });
  expect(await answerOf(claude, "no-credit")).toMatchObject({ status: 400, text: expect.stringContaining("credit balance is too low") });
  expect(await answerOf(google, "no-credit")).toMatchObject({ status: 429 });
  expect(await answerOf(claude, "context-too-long")).toMatchObject({
    status: 400,
    text: expect.stringMatching(/prompt is too long: \d+ tokens > \d+ maximum/),
  });
  expect(await answerOf(google, "context-too-long")).toMatchObject({
    status: 400,
    text: expect.stringContaining("exceeds the maximum number of tokens"),
  });
});

test("`at` moves a fault in mid-stream", async () => {
  const form = FORMS["a Messages stream"] as Form;
  const { text } = await answerOf(form, { fault: "end-early", at: 1 });
  expect(text.match(/^event: .*/gm)).toEqual(["event: message_start"]);
});

test("a fault can happen to a recording", async () => {
  const recording = { response: { status: 200, headers: { "content-type": "text/event-stream" }, sse: "data: one\n\ndata: two\n\n" } };
  const { text, complete } = await answerOf(FORMS["a Messages stream"] as Form, { recording, fault: "end-early" });
  expect([text, complete]).toEqual(["data: one\n\n", true]);
});
