/**
 * Rule 399: a conversation that has grown too long, cut down to a summary as Codex asks for it, by OpenAI's own SDK and real
 * sockets: whoever serves it makes the summary, and whoever serves what comes next is told it.
 */
import OpenAI from "openai";
import type { Response, ResponseCreateParamsNonStreaming, ResponseStreamEvent } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import { SUMMARY_REQUEST_TEXT, summaryText } from "../src/protocols/shared/fixed-texts.ts";
import type { Behaviour, Simulator } from "../src/simulator/types.ts";
import { gateway, lastAsked, MODELS, saidOf, simulator, type Json } from "./support/stored-gateway.ts";

const ELSEWHERE = MODELS.filter((model) => model !== "gpt");
const WAYS = MODELS.flatMap((model) => [false, true].map((stream) => ({ model, stream })));
const TRIGGER = { type: "compaction_trigger" } as const;
const said = (content: string) => ({ role: "user", content }) as const;
const SUMMARY: Behaviour = {
  blocks: [
    { type: "thinking", text: "What matters is the plum." },
    { type: "text", text: "The word is plum." },
  ],
};
const tools = [{ type: "function", name: "f", parameters: { type: "object", properties: {} }, strict: false } as const];

interface Set {
  readonly upstream: Simulator;
  readonly client: OpenAI;
}

async function set(): Promise<Set> {
  const upstream = await simulator();
  return { upstream, client: (await gateway({ upstream })).client() };
}

async function ask(client: OpenAI, stream: boolean, body: Omit<ResponseCreateParamsNonStreaming, "stream">): Promise<Response> {
  return stream ? client.responses.stream(body).finalResponse() : client.responses.create(body);
}

/** A conversation about a plum, cut down to what the model says of it. */
async function compacted({ client, upstream }: Set, model: string, stream = false): Promise<Response> {
  upstream.script(SUMMARY);
  return ask(client, stream, { model, tools, store: false, input: [said("Word plum."), said("Word pear."), TRIGGER] });
}

const textOf = (upstream: Simulator): string => JSON.stringify(lastAsked(upstream));

describe.each(WAYS)("asked of $model, streamed: $stream", ({ model, stream }) => {
  test("a summary is all of the answer, and stands for the conversation at the same model", async () => {
    const both = await set();
    const { status, output, usage } = await compacted(both, model, stream);
    expect(status).toBe("completed");
    expect(output).toEqual([
      { id: expect.stringMatching(/^cmp_/) as unknown, type: "compaction", encrypted_content: expect.any(String) as unknown },
    ]);
    expect(usage?.output_tokens).toBeGreaterThan(0);
    const { upstream, client } = both;
    const next = await ask(client, stream, { model, store: false, input: [said("Word fig."), ...output, said("Word kiwi.")] as never });
    expect(next.output_text).not.toBe("");
    expect(textOf(upstream)).not.toContain("dragoman-state");
    if (model === "gpt") expect(upstream.requests.at(-1)?.state).toMatchObject({ kept: 1, dropped: [] });
    else {
      expect(saidOf(upstream, ["pear", "fig", "plum", "kiwi"])).toEqual(["fig", "plum", "kiwi"]);
      expect(textOf(upstream)).toContain(JSON.stringify(summaryText("The word is plum.")));
    }
  });
});

describe.each(ELSEWHERE)("what %s is asked", (model) => {
  test("is a last turn of the user's: the tools and all before it stay, the form of the answer does not", async () => {
    const { upstream, client } = await set();
    const input = [said("Word plum.")];
    await client.responses.create({ model, input, tools });
    const before = lastAsked(upstream);
    const text = { format: { type: "json_schema", name: "n", schema: { type: "object" } } } as const;
    const { response } = await client.responses.create({ model, input: [...input, TRIGGER], tools, text }).withResponse();
    const asked = lastAsked(upstream);
    expect(asked["tools"]).toEqual(before["tools"]);
    const turnsOf = (body: Json): Json[] => (body["messages"] ?? body["contents"]) as Json[];
    expect(turnsOf(asked).slice(0, -1)).toEqual(turnsOf(before));
    expect(JSON.stringify(turnsOf(asked).at(-1))).toContain(JSON.stringify(SUMMARY_REQUEST_TEXT));
    expect(JSON.stringify(asked)).not.toMatch(/json_schema|responseJsonSchema/);
    expect(response.headers.get("x-dragoman-loss")).toContain("compaction-request");
  });

  const failures: readonly (readonly [string, Behaviour])[] = [
    ["nothing", { text: "", thinking: "" }],
    ["half a summary", { text: "The word", end: "length" }],
    ["a call", { blocks: [{ type: "call", name: "f", input: {} }] }],
  ];
  test.each(failures)("and %s in its place is a failure, never an empty summary", async (_what, behaviour) => {
    const { upstream, client } = await set();
    const body = { model, tools, input: [said("Word plum."), TRIGGER] };
    upstream.script(behaviour, behaviour, behaviour);
    await expect(client.responses.create(body)).rejects.toBeInstanceOf(OpenAI.APIError);
    upstream.script(behaviour, behaviour, behaviour);
    const seen: ResponseStreamEvent["type"][] = [];
    const streamed = async (): Promise<void> => {
      for await (const { type } of await client.responses.create({ ...body, stream: true })) seen.push(type);
      if (seen.at(-1) === "response.failed") throw new OpenAI.APIError(undefined, undefined, "failed", undefined);
    };
    await expect(streamed()).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(seen).not.toContain("response.completed");
    expect(seen).not.toContain("response.output_item.done");
  });
});

test("a summary made by one is told to every other, as the user's, where it stands", async () => {
  const both = await set();
  const { output } = await compacted(both, "claude");
  for (const model of ["gemini", "chat", "gpt"]) {
    await both.client.responses.create({ model, store: false, input: [...output, said("Word kiwi.")] as never });
    const asked = textOf(both.upstream);
    expect(asked).toContain(JSON.stringify(summaryText("The word is plum.")));
    expect(asked).not.toMatch(/dragoman-state|assistant|"model","parts"/);
    // It is the last thing said when a tool's round is cut short.
    expect((await both.client.responses.create({ model, store: false, input: output as never })).status).toBe("completed");
  }
});

test("one that is somebody else's says nothing, and is no error", async () => {
  const upstream = await simulator();
  const running = await gateway({ upstream });
  const { output } = await compacted({ upstream, client: running.client() }, "claude");
  for (const model of MODELS) {
    const input = [...output, said("Word kiwi.")] as never;
    const { response } = await running.client("bobs-key").responses.create({ model, store: false, input }).withResponse();
    expect(response.headers.get("x-dragoman-loss")).toContain("compaction-state");
    expect(textOf(upstream)).not.toMatch(/plum|dragoman-state/);
  }
});

describe.each(ELSEWHERE)("kept, asked of %s", (model) => {
  test.each(MODELS)("the conversation goes on from it by its id at %s, without what it stands for", async (next) => {
    const { upstream, client } = await set();
    const one = await client.responses.create({ model, input: "Word pear." });
    upstream.script({ text: "The word is plum." });
    const two = await client.responses.create({ model, input: [TRIGGER], previous_response_id: one.id });
    upstream.script({ text: "Sweet." });
    const three = await client.responses.create({ model: next, input: "Word fig.", previous_response_id: two.id });
    expect(three.status).toBe("completed");
    expect(saidOf(upstream, ["pear", "plum", "fig"])).toEqual(["plum", "fig"]);
    const four = await client.responses.create({ model, input: "Word kiwi.", previous_response_id: three.id });
    expect(four.status).toBe("completed");
    expect(saidOf(upstream, ["pear", "plum", "kiwi"])).toEqual(["plum", "kiwi"]);
  });
});
