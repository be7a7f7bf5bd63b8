/** The official OpenAI SDK, Responses: over HTTP with the whole history or with the answer before, and over one WebSocket. */
import { equal, ok } from "node:assert";
import OpenAI from "openai";
import { toResponseInputItems } from "openai/lib/responses/ResponseInputItems";
import { ResponsesWS } from "openai/resources/responses/ws";
import type { Response, ResponseCreateParamsStreaming, ResponseInput } from "openai/resources/responses/responses";

import { city } from "../city.ts";
import { all, clientName, gateway, key, mostRounds, perform, printCity, prompt, shell } from "./driver.ts";

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key });
const model = "gpt-5.5";

/** One request for an answer, as far as this driver makes any. */
type Asking = Pick<ResponseCreateParamsStreaming, "input" | "previous_response_id">;
/** Sends a request and waits for the whole of the streamed answer. */
type Answering = (asking: Asking) => Promise<Response>;

const settings = {
  model,
  instructions: "Be brief.",
  tools: [{ type: "function", name: shell.name, description: shell.description, parameters: shell.parameters, strict: true }],
} satisfies Partial<ResponseCreateParamsStreaming>;
const withoutState = { store: false, include: ["reasoning.encrypted_content"] } satisfies Partial<ResponseCreateParamsStreaming>;

await perform({
  async answer() {
    if (clientName.endsWith("-ws")) return check(await overWebSocket((answering) => answering({ input: prompt })));
    check(await client.responses.create({ model, input: prompt, ...withoutState }));
    check(await streamed({ input: prompt }, withoutState));
  },
  async stream() {
    if (clientName.endsWith("-ws")) return print(await overWebSocket((answering) => answering({ input: prompt })));
    print(await client.responses.stream({ model, input: prompt, ...withoutState }).finalResponse());
  },
  async tools() {
    if (clientName.endsWith("-ws")) check(await overWebSocket(goOnFromTheLast));
    else if (clientName.endsWith("-stored")) check(await goOnFromTheLast((asking) => streamed(asking, {})));
    else check(await sayItAllAgain((asking) => streamed(asking, withoutState)));
  },
  async json() {
    const format = { type: "json_schema", name: "city", schema: city, strict: true } as const;
    printCity((await client.responses.parse({ model, input: prompt, text: { format } })).output_parsed);
  },
  async count() {
    const { object, input_tokens } = await client.responses.inputTokens.count({ model, input: prompt });
    equal(object, "response.input_tokens");
    console.log(input_tokens);
  },
  async models() {
    const models = await all(client.models.list());
    console.log(models.map(({ id }) => id).join(" "));
  },
});

/** The SDK folds the events itself and refuses those that do not fit; what it does not look at is looked at here. */
async function streamed(asking: Asking, state: Partial<ResponseCreateParamsStreaming>): Promise<Response> {
  const stream = client.responses.stream({ ...settings, ...state, ...asking, stream: true });
  let next = 0;
  for await (const event of stream) equal(event.sequence_number, next++);
  return stream.finalResponse();
}

/** Over a WebSocket it folds nothing. */
async function overWebSocket(work: (answering: Answering) => Promise<Response>): Promise<Response> {
  const socket = new ResponsesWS(client);
  const answering = (asking: Asking) =>
    new Promise<Response>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", (code) => reject(new Error(`closed with code ${code}`)));
      socket.once("response.completed", ({ response }) => resolve(response));
      socket.once("response.failed", ({ response }) => reject(new Error(response.error?.message)));
      socket.once("response.incomplete", ({ response }) => reject(new Error(response.incomplete_details?.reason)));
      socket.send({ type: "response.create", ...settings, ...withoutState, ...asking });
    });
  try {
    return await work(answering);
  } finally {
    socket.close();
  }
}

/** Nothing is kept for it: every request has all that was said. */
async function sayItAllAgain(answering: Answering): Promise<Response> {
  const input: ResponseInput = [{ role: "user", content: prompt }];
  return untilDone(
    () => answering({ input }),
    ({ output }, results) => input.push(...toResponseInputItems(output), ...results),
  );
}

/** The answer before is kept for it: a request has only what is new. */
async function goOnFromTheLast(answering: Answering): Promise<Response> {
  let asking: Asking = { input: prompt };
  return untilDone(
    () => answering(asking),
    ({ id }, input) => (asking = { previous_response_id: id, input }),
  );
}

/** Asks, runs what is called and asks again, until nothing more is called. */
async function untilDone(ask: () => Promise<Response>, prepare: (answer: Response, results: ResponseInput) => void): Promise<Response> {
  for (let round = 0; round < mostRounds; round++) {
    const answer = await ask();
    const calls = answer.output.filter((item) => item.type === "function_call");
    if (calls.length === 0) return answer;
    const results = calls.map(({ call_id, arguments: input }) => {
      const output = shell.run(JSON.parse(input) as Parameters<typeof shell.run>[0]);
      return { type: "function_call_output" as const, call_id, output };
    });
    prepare(answer, results);
  }
  throw new Error(`no answer after ${mostRounds} rounds`);
}

function check(answer: Response): void {
  const { object, status, usage } = answer;
  equal(object, "response");
  equal(status, "completed");
  ok(usage && usage.input_tokens > 0 && usage.output_tokens > 0);
  equal(usage.total_tokens, usage.input_tokens + usage.output_tokens);
  print(answer);
}

function print({ output }: Response): void {
  const parts = output.flatMap((item) => (item.type === "message" ? item.content : []));
  console.log(parts.map((part) => (part.type === "output_text" ? part.text : "")).join(""));
}
