/** Behaviours that the prompt itself selects, in every protocol. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.close());

type Said = readonly ["user" | "assistant" | "system", string];

/** How each protocol says a conversation, and where its answer is. */
const PROTOCOLS = {
  Messages: {
    path: "/v1/messages",
    body: (turns: readonly Said[]) => ({
      model: "claude-opus-5-5",
      max_tokens: 4096,
      system: turns.flatMap(([role, text]) => (role === "system" ? [{ type: "text", text }] : [])),
      messages: turns.flatMap(([role, content]) => (role === "system" ? [] : [{ role, content }])),
    }),
  },
  "Chat Completions": {
    path: "/v1/chat/completions",
    body: (turns: readonly Said[]) => ({ model: "gpt-6-sol", messages: turns.map(([role, content]) => ({ role, content })) }),
  },
  Responses: {
    path: "/v1/responses",
    body: (turns: readonly Said[]) => ({ model: "gpt-6-sol", input: turns.map(([role, content]) => ({ role, content })) }),
  },
  Gemini: {
    path: "/v1beta/models/gemini-3.8-pro:generateContent",
    body: (turns: readonly Said[]) => ({
      systemInstruction: { parts: turns.flatMap(([role, text]) => (role === "system" ? [{ text }] : [])) },
      contents: turns.flatMap(([role, text]) =>
        role === "system" ? [] : [{ role: role === "user" ? "user" : "model", parts: [{ text }] }],
      ),
    }),
  },
} as const;

async function post(
  protocol: keyof typeof PROTOCOLS,
  ...turns: readonly Said[]
): Promise<{ readonly status: number; readonly text: string }> {
  const { path, body } = PROTOCOLS[protocol];
  const headers = { "anthropic-version": "2023-06-01" };
  const answer = await fetch(simulator.url + path, { method: "POST", headers, body: JSON.stringify(body(turns)) });
  return { status: answer.status, text: await answer.text() };
}

describe.each(Object.keys(PROTOCOLS) as (keyof typeof PROTOCOLS)[])("%s", (protocol) => {
  const first: Said = ["user", "Please #one# it"];
  const again: Said = ["user", "And?"];

  test("the turn decides, not the order of arrival, and nothing is used up", async () => {
    simulator.answer("#one#", [{ text: "Alpha." }, { text: "Beta." }]);
    simulator.answer("#two#", [{ text: "Gamma." }]);
    const second: readonly Said[] = [first, ["assistant", "Alpha."], again];
    const answers = await Promise.all([
      post(protocol, ...second),
      post(protocol, first),
      post(protocol, ["user", "#two#"]),
      post(protocol, first),
      post(protocol, ...second, ["assistant", "Beta."], again),
    ]);
    expect(answers.map(({ text }) => /Alpha|Beta|Gamma|You said/.exec(text)?.[0])).toEqual(["Beta", "Alpha", "Gamma", "Alpha", "You said"]);
  });

  test("a marker said again starts again", async () => {
    simulator.answer("#one#", [{ text: "Alpha." }, { text: "Beta." }]);
    expect((await post(protocol, first, ["assistant", "Alpha."], first)).text).toContain("Alpha.");
  });

  test("the instructions may hold the marker, the assistant's own words do not count", async () => {
    simulator.answer("#one#", [{ text: "Alpha." }]);
    expect((await post(protocol, ["system", "#one#"], again)).text).toContain("Alpha.");
    expect((await post(protocol, again, ["assistant", "You said: #one#"], again)).text).toContain("You said");
  });

  test("a longer marker is not taken for the one it begins with, and the latest of two counts", async () => {
    simulator.answer("#1", [{ text: "Alpha." }]);
    simulator.answer("#12", [{ text: "Beta." }]);
    expect((await post(protocol, ["user", "#12"])).text).toContain("Beta.");
    expect((await post(protocol, ["user", "#12"], ["assistant", "x"], ["user", "#1"])).text).toContain("Alpha.");
  });

  test("a fault can be the answer, the queue waits behind the marker", async () => {
    simulator.answer("#one#", ["503"]);
    simulator.script({ text: "Queued." });
    expect((await post(protocol, first)).status).toBe(503);
    expect((await post(protocol, again)).text).toContain("Queued.");
  });
});

test("what a request refers to counts as if it stood in it", async () => {
  simulator.answer("#one#", [{ text: "Alpha." }, { text: "Beta." }]);
  const send = async (body: object): Promise<{ id: string; output: unknown }> => {
    const answer = await fetch(`${simulator.url}/v1/responses`, { method: "POST", body: JSON.stringify({ model: "gpt-6-sol", ...body }) });
    return (await answer.json()) as { id: string; output: unknown };
  };
  const first = await send({ input: "Please #one# it" });
  const second = await send({ input: "And?", previous_response_id: first.id });
  expect([first, second].map(({ output }) => /Alpha|Beta/.exec(JSON.stringify(output))?.[0])).toEqual(["Alpha", "Beta"]);
});

test("assistant messages in a row are one turn", async () => {
  simulator.answer("#one#", [{ text: "Alpha." }, { text: "Beta." }]);
  const { text } = await post("Chat Completions", ["user", "#one#"], ["assistant", "a"], ["assistant", "b"], ["user", "c"]);
  expect(text).toContain("Beta.");
});

test("a body that cannot be read has no marker", async () => {
  simulator.answer("#one#", [{ text: "Alpha." }]);
  expect((await fetch(`${simulator.url}/v1/chat/completions`, { method: "POST", body: "#one#" })).status).toBe(400);
});
