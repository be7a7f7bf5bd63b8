/** The checker against the simulator's own answers: it accepts those that are good, and none that is damaged. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "../src/simulator/server.ts";
import { checkEnvelope, readWhole, streamReader, type Answer } from "./answers.ts";
import { chooseRequest, clientProtocols, type Choice, type ClientProtocol } from "./choice.ts";
import { judge } from "./outcome.ts";
import { expectedText, requestFor } from "./requests.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

function choiceFor(protocol: ClientProtocol, stream: boolean): Choice {
  const shape = { events: 12, intervalMs: 0 };
  return { ...chooseRequest(1, 1), protocol, stream, shape, behaviour: "sound", manner: "reads" };
}

async function ask(choice: Choice, fault?: string): Promise<string> {
  const { path, headers, body } = requestFor(choice, undefined);
  const answer = await fetch(simulator.url + path, {
    method: "POST",
    body: new Uint8Array(body),
    headers: { ...headers, ...(fault !== undefined && { "x-simulator": fault }) },
  });
  return answer.text();
}

/** Reads it in reads of this many bytes. */
function read(protocol: ClientProtocol, stream: string, size = stream.length): Answer {
  const reader = streamReader(protocol);
  const bytes = Buffer.from(stream);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader.end();
}

const eventOf = (stream: string): string[] => stream.split(/(?<=\r?\n\r?\n)/);
const textual = clientProtocols.filter((protocol) => protocol !== "gemini-array");

describe.each(clientProtocols)("%s", (protocol) => {
  test("a good stream is complete, however it is cut", async () => {
    const choice = choiceFor(protocol, true);
    const stream = await ask(choice);
    for (const size of [stream.length, 7, 1])
      expect(read(protocol, stream, size)).toMatchObject({ state: "complete", text: expectedText(choice) });
    expect(judge(choice, read(protocol, stream))).toBe("complete");
  });

  test("a good whole answer is complete", async () => {
    const choice = choiceFor(protocol, false);
    expect(judge(choice, readWhole(protocol, await ask(choice)))).toBe("complete");
  });

  test("a stream that ends early is none", async () => {
    const stream = await ask(choiceFor(protocol, true), "fault=end-early;at=6");
    expect(() => read(protocol, stream)).toThrow();
  });

  test("a stream that is cut in the middle of an event is none", async () => {
    const stream = await ask(choiceFor(protocol, true));
    expect(() => read(protocol, stream.slice(0, -5))).toThrow();
  });

  test("an error is an envelope, a good answer is not", async () => {
    const choice = choiceFor(protocol, true);
    checkEnvelope(protocol, await ask(choice, "fault=503"));
    const whole = await ask({ ...choice, stream: false });
    expect(() => checkEnvelope(protocol, whole)).toThrow("error");
  });
});

describe.each(textual)("%s", (protocol) => {
  test("an error event breaks the answer, and nothing may come after it", async () => {
    const stream = await ask(choiceFor(protocol, true), "fault=error-after-content;status=503;at=8");
    expect(read(protocol, stream)).toMatchObject({ state: "failed" });
    expect(read(protocol, stream).text).toMatch(/^word1 /);
    const more = eventOf(stream).find((event) => event.includes("word2")) ?? "";
    expect(() => read(protocol, stream + more)).toThrow("after");
  });

  test("a second answer behind the first is an error", async () => {
    const stream = await ask(choiceFor(protocol, true));
    expect(() => read(protocol, stream + stream)).toThrow();
  });
});

test.each(["messages", "responses"] as const)("%s: an event that is left out is missed", async (protocol) => {
  const events = eventOf(await ask(choiceFor(protocol, true)));
  const silent = new Set(["event: ping"]);
  for (const index of events.keys()) {
    const without = events.filter((_, other) => other !== index).join("");
    const isText = events[index]?.includes("delta") && protocol === "messages" && events[index].includes("word");
    if (silent.has(events[index]?.split("\n")[0] ?? "")) continue;
    if (isText) expect(read(protocol, without).text).not.toBe(expectedText(choiceFor(protocol, true)));
    else expect(() => read(protocol, without)).toThrow();
  }
});

describe("what an answer is worth", () => {
  const sound = choiceFor("chat", true);
  const complete: Answer = { state: "complete", text: expectedText(sound), keptAs: undefined };
  const broken: Answer = { state: "failed", text: "word1 word2 ", keptAs: undefined };

  test("a sound request may be refused, but not broken or answered with something else", () => {
    expect(judge(sound, { status: 503 })).toBe("refused");
    expect(judge(sound, { ...broken, text: "" })).toBe("refused");
    expect(() => judge(sound, broken)).toThrow("broke");
    expect(() => judge(sound, { ...complete, text: `${complete.text}word1 ` })).toThrow("not what the upstream said");
  });

  test("what breaks in the middle ends with an error after what was said, or is whole", () => {
    const choice: Choice = { ...sound, behaviour: "reset-mid-event" };
    expect(judge(choice, broken)).toBe("broken");
    expect(judge(choice, complete)).toBe("complete");
    expect(() => judge(choice, { ...broken, text: "word1 word1 " })).toThrow("before the break");
  });

  test("what the upstream refuses for the request's sake reaches the client as it is", () => {
    const choice: Choice = { ...sound, behaviour: "400" };
    expect(judge(choice, { status: 400 })).toBe("refused");
    expect(() => judge(choice, { status: 503 })).toThrow("400");
    expect(() => judge(choice, complete)).toThrow("refused");
  });
});
