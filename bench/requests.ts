import { modelName, type Pace } from "./marks.ts";

/** The client key that the measured gateway asks for. */
export const clientKey = "bench-key";

/** A protocol that the benchmark speaks. */
export type BenchProtocol = "messages" | "chat" | "responses" | "gemini";

/** What the load client sends, over and over. */
export interface RequestPlan {
  readonly protocol: BenchProtocol;
  /** Put before the model's name: `provider/` for a gateway, nothing for a plain proxy. */
  readonly provider: string;
  /** Undefined asks for a whole answer. */
  readonly pace?: Pace;
  readonly bodyBytes: number;
}

const sentence = 'the quick brown fox jumps over the lazy dog "quoted" \n newline and unicode é ✓ ';
const turnLength = 1800;

/** One HTTP/1.1 request, head and body. */
export function requestBytes(plan: RequestPlan): Buffer {
  const model = modelName(plan.pace ?? { events: 1, intervalMs: 0 });
  const stream = plan.pace !== undefined;
  const { path, content } = asked(plan, model, stream);
  const body = Buffer.from(JSON.stringify(content));
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Authorization: Bearer ${clientKey}`,
    "anthropic-version: 2023-06-01",
    "Content-Type: application/json",
    "Accept: */*",
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

function asked(plan: RequestPlan, model: string, stream: boolean): { readonly path: string; readonly content: object } {
  switch (plan.protocol) {
    case "messages":
      return { path: "/v1/messages", content: messagesBody(plan, model, stream) };
    case "chat":
      return { path: "/v1/chat/completions", content: chatBody(plan, model, stream) };
    case "responses":
      return { path: "/v1/responses", content: responsesBody(plan, model, stream) };
    case "gemini":
      return {
        path: `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
        content: geminiBody(plan),
      };
  }
}

function chatBody(plan: RequestPlan, model: string, stream: boolean): object {
  const said = turns(plan.bodyBytes).map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));
  const messages = [{ role: "system", content: "You are a helpful assistant." }, ...said];
  return { model: plan.provider + model, stream, max_completion_tokens: 1024, messages };
}

function responsesBody(plan: RequestPlan, model: string, stream: boolean): object {
  const input = turns(plan.bodyBytes).map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));
  const instructions = "You are a helpful assistant.";
  return { model: plan.provider + model, stream, store: false, max_output_tokens: 1024, instructions, input };
}

function messagesBody(plan: RequestPlan, model: string, stream: boolean): object {
  const messages = turns(plan.bodyBytes).map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));
  return { model: plan.provider + model, stream, max_tokens: 1024, system: "You are a helpful assistant.", messages };
}

function geminiBody(plan: RequestPlan): object {
  const contents = turns(plan.bodyBytes).map((text, index) => ({ role: index % 2 === 0 ? "user" : "model", parts: [{ text }] }));
  return { contents, generationConfig: { maxOutputTokens: 1024 } };
}

/** Texts of a conversation that ends with the user and takes about this many bytes. */
function turns(bodyBytes: number): string[] {
  const length = Math.min(turnLength, Math.max(bodyBytes - 200, 100));
  const text = sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length);
  const count = Math.max(1, Math.floor(bodyBytes / (length * 1.07 + 40)));
  return Array.from({ length: count % 2 === 0 ? count + 1 : count }, () => text);
}
