/** What is sent for a request, and what its answer must say. */
import { modelName, type Choice } from "./choice.ts";
import { oddities } from "./faults.ts";
import { writeMarker } from "./marker.ts";

/** The client key that the gateway asks for. */
export const clientKey = "soak-client-key";

/** An HTTP request. */
export interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const sentence = 'the quick brown fox jumps over the lazy dog "quoted" \n newline and unicode é ✓ ';
const maxTokens = 8192;

/**
 * The request that was chosen.
 * @param previous the id of the answer that it goes on from
 */
export function requestFor(choice: Choice, previous: string | undefined): Sent {
  const { path, content } = contentOf(choice, previous);
  const body = Buffer.from(JSON.stringify(content));
  return {
    path,
    body,
    headers: {
      ...keyHeader(choice),
      "content-type": "application/json",
      "content-length": String(body.length),
      ...(choice.session !== undefined && { "x-session-id": choice.session }),
    },
  };
}

/** The text of a good answer: the simulator's words, or the one huge line. */
export function expectedText({ behaviour, shape }: Choice): string {
  if (behaviour === "huge") return "x".repeat(oddities.huge.behaviour.size);
  return Array.from({ length: shape.events }, (_, index) => `word${index + 1} `).join("");
}

function keyHeader({ protocol }: Choice): Record<string, string> {
  switch (protocol) {
    case "messages":
      return { "x-api-key": clientKey, "anthropic-version": "2023-06-01" };
    case "chat":
    case "responses":
      return { authorization: `Bearer ${clientKey}` };
    case "gemini":
    case "gemini-array":
      return { "x-goog-api-key": clientKey };
  }
}

function contentOf(choice: Choice, previous: string | undefined): { readonly path: string; readonly content: object } {
  const { protocol, provider, shape, stream } = choice;
  const model = `${provider}/${modelName(shape)}`;
  const prompt = promptOf(choice);
  const messages = [
    { role: "user", content: sentence },
    { role: "assistant", content: "Go on." },
    { role: "user", content: prompt },
  ];
  switch (protocol) {
    case "messages":
      return { path: "/v1/messages", content: { model, max_tokens: maxTokens, stream, system: "Be brief.", messages } };
    case "chat":
      return {
        path: "/v1/chat/completions",
        content: { model, stream, ...(stream && { stream_options: { include_usage: true } }), messages },
      };
    case "responses":
      return {
        path: "/v1/responses",
        content: { model, stream, store: choice.stores, input: prompt, ...(previous !== undefined && { previous_response_id: previous }) },
      };
    case "gemini":
    case "gemini-array": {
      const verb = !stream ? "generateContent" : protocol === "gemini" ? "streamGenerateContent?alt=sse" : "streamGenerateContent";
      return {
        path: `/v1beta/models/${model}:${verb}`,
        content: { contents: [{ role: "user", parts: [{ text: prompt }] }], generationConfig: { maxOutputTokens: maxTokens } },
      };
    }
  }
}

function promptOf({ index, behaviour, times, promptBytes }: Choice): string {
  return `${writeMarker({ index, behaviour, times })} ${sentence.repeat(Math.ceil(promptBytes / sentence.length))}`;
}
