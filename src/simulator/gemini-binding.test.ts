/** Gemini's signatures are bound to key, model and, where state is strict, everything before them (dossier A.4.3). */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startSimulator } from "./server.ts";
import type { Simulator, StateReport } from "./types.ts";

type Fields = Record<string, unknown>;

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ record: true });
});
afterEach(() => simulator.close());

const hi = { role: "user", parts: [{ text: "Hi" }] };
const tools = [{ functionDeclarations: [{ name: "f" }] }];
const response = { functionResponse: { name: "f", response: { output: "ok" } } };
const SENTINEL = "skip_thought_signature_validator";

interface Told {
  readonly status: number;
  readonly message: string | undefined;
  readonly parts: readonly Fields[];
  readonly state: StateReport;
}

async function ask(contents: readonly Fields[], { key = "k1", model = "gemini-3.8-pro", streamed = false, more = {} } = {}): Promise<Told> {
  const method = streamed ? "streamGenerateContent" : "generateContent";
  const answer = await fetch(`${simulator.url}/v1beta/models/${model}:${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-goog-api-key": key },
    body: JSON.stringify({ contents, tools, systemInstruction: { parts: [{ text: "Be brief." }] }, ...more }),
  });
  const bodies = [await answer.json()].flat() as {
    candidates?: { content: { parts: Fields[] } }[];
    error?: { message: string };
  }[];
  return {
    status: answer.status,
    message: bodies[0]?.error?.message,
    parts: bodies.flatMap(({ candidates }) => candidates?.[0]?.content.parts ?? []),
    state: simulator.requests.at(-1)?.state as StateReport,
  };
}

/** Two parallel calls, up to what the model is to answer now. */
async function conversation(options = {}): Promise<readonly Fields[]> {
  simulator.script({ thinking: "Hm.", text: "I look.", calls: [{ name: "f", input: { a: 1 } }, { name: "f" }] });
  const { parts } = await ask([hi], options);
  return [hi, { role: "model", parts }, { role: "user", parts: [response, response] }];
}

function withParts(contents: readonly Fields[], change: (parts: Fields[]) => Fields[]): readonly Fields[] {
  return contents.map((content) => (content["role"] === "model" ? { ...content, parts: change(content["parts"] as Fields[]) } : content));
}

const signed = (part: Fields): boolean => part["thoughtSignature"] !== undefined;

describe("a signature is taken back", () => {
  test.each([true, false])("as it was minted, streamed %s, on calls and on the end of a text", async (streamed) => {
    const contents = await conversation({ streamed });
    const next = await ask(contents, { streamed });
    expect(next).toMatchObject({ status: 200, state: { kept: 1, refused: [] } });
    const more = [...contents, { role: "model", parts: next.parts }, hi];
    expect((await ask(more)).state.kept).toBe(2);
    // Clients join the pieces of a text, and then the signature stands on the text itself.
    const last = { text: next.parts.map(({ text }) => text).join(""), thoughtSignature: next.parts.at(-1)?.["thoughtSignature"] };
    expect((await ask([...contents, { role: "model", parts: [last] }, hi])).state.kept).toBe(2);
  });

  test("when ids are changed and thoughts are left out", async () => {
    const contents = withParts(await conversation(), (parts) =>
      parts
        .filter(({ thought }) => thought !== true)
        .map((part, index) =>
          part["functionCall"] ? { ...part, functionCall: { ...(part["functionCall"] as Fields), id: `own-${index}` } } : part,
        ),
    );
    expect((await ask(contents)).state).toMatchObject({ kept: 1, refused: [] });
  });
});

describe("a signature is refused", () => {
  beforeEach(async () => {
    await simulator.close();
    simulator = await startSimulator({ record: true, strictState: true });
  });

  test.each<[string, (contents: readonly Fields[]) => readonly Fields[], object, string]>([
    ["by another key", (contents) => contents, { key: "k2" }, "account"],
    ["by another model", (contents) => contents, { model: "gemini-3.8-flash" }, "model"],
    ["behind other instructions", (contents) => contents, { more: { systemInstruction: { parts: [{ text: "Be long." }] } } }, "prefix"],
    [
      "behind other tools",
      (contents) => contents,
      { more: { tools: [{ functionDeclarations: [{ name: "f" }, { name: "g" }] }] } },
      "prefix",
    ],
    ["behind another content", (contents) => [{ role: "user", parts: [{ text: "Hi!" }] }, ...contents.slice(1)], {}, "prefix"],
    [
      "on another call",
      (contents) =>
        withParts(contents, (parts) =>
          parts.map((part) => (signed(part) ? { ...part, functionCall: { name: "f", args: { a: 2 } } } : part)),
        ),
      {},
      "prefix",
    ],
    [
      "where it was moved to",
      (contents) =>
        withParts(contents, (parts) => {
          const { thoughtSignature } = parts.find(signed) as Fields;
          const calls = parts.filter(({ functionCall }) => functionCall !== undefined);
          return calls.map(({ functionCall }, index) => ({ functionCall, thoughtSignature: index === 0 ? SENTINEL : thoughtSignature }));
        }),
      {},
      "prefix",
    ],
    [
      "that somebody else minted",
      (contents) => withParts(contents, (parts) => parts.map((part) => (signed(part) ? { ...part, thoughtSignature: "Q2xhdWRl" } : part))),
      {},
      "foreign",
    ],
  ])("%s", async (_how, change, options, reason) => {
    const told = await ask(change(await conversation()), options);
    expect(told).toMatchObject({ status: 400, message: "Corrupted thought signature.", state: { refused: [{ reason }] } });
  });
});

test("what stands before a signature is Google's to check, which it is not known to do", async () => {
  const contents = await conversation();
  const more = { systemInstruction: { parts: [{ text: "Be long." }] } };
  expect((await ask(contents, { more })).status).toBe(200);
  expect((await ask(contents, { key: "k2" })).status).toBe(400);
});

describe("the sentinel", () => {
  const stoodIn = (contents: readonly Fields[]) =>
    withParts(contents, (parts) => parts.map((part) => (signed(part) ? { ...part, thoughtSignature: SENTINEL } : part)));

  test("stands for the signature of a first call", async () => {
    expect(await ask(stoodIn(await conversation()))).toMatchObject({ status: 200, state: { kept: 0, standIns: 1, refused: [] } });
  });

  test("strict: not for one that was minted for the one who asks", async () => {
    await simulator.close();
    simulator = await startSimulator({ record: true, strictState: true });
    const contents = stoodIn(await conversation());
    expect(await ask(contents)).toMatchObject({ status: 400, state: { refused: [{ path: "contents[1].parts[1]", reason: "lost" }] } });
    expect(await ask(contents, { key: "k2" })).toMatchObject({ status: 200, state: { standIns: 1 } });
  });

  test("strict: the end of a text must come back signed, too", async () => {
    await simulator.close();
    simulator = await startSimulator({ record: true, strictState: true });
    const { parts } = await ask([hi]);
    expect((await ask([hi, { role: "model", parts }, hi])).state).toMatchObject({ kept: 1, refused: [] });
    const bare = parts.map(({ text }) => ({ text }));
    expect((await ask([hi, { role: "model", parts: bare }, hi])).state).toMatchObject({ kept: 0, refused: [{ reason: "lost" }] });
  });
});
