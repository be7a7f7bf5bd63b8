/** A Chat client that keeps of an answer only what the protocol itself has: no field of reasoning or proof comes back (rules 144, 436). */
import OpenAI from "openai";
import type { Endpoint, Place } from "../../src/conformance/clients/client.ts";
import type { Says, Settings } from "../../src/conformance/conversation.ts";

type Message = OpenAI.ChatCompletionMessageParam;

const WORDS_ONLY = "this client says words and results only";

export class ForgetfulChat {
  readonly #client: OpenAI;
  readonly #streamed: boolean;
  readonly #messages: Message[] = [];
  #calls: readonly string[] = [];

  constructor({ baseUrl, apiKey }: Endpoint, streamed: boolean) {
    this.#client = new OpenAI({ baseURL: baseUrl, apiKey, maxRetries: 0 });
    this.#streamed = streamed;
  }

  /** @returns the error's message, or `undefined` after an answer. */
  async say(says: Says, { tools = [], system = [], thinking }: Settings, { model }: Place): Promise<string | undefined> {
    this.#messages.push(...messagesOf(says, this.#calls));
    const params = {
      model,
      messages: [...system.map((content): Message => ({ role: "system", content })), ...this.#messages],
      tools: tools.map(({ name, schema }): OpenAI.ChatCompletionTool => ({
        type: "function",
        function: { name, parameters: { ...schema } },
      })),
      ...(thinking && { reasoning_effort: thinking.effort }),
    };
    try {
      const completion = this.#streamed
        ? await this.#client.chat.completions.stream(params).finalChatCompletion()
        : await this.#client.chat.completions.create(params);
      const { content = null, tool_calls: calls } = completion.choices[0]?.message ?? {};
      const made = (calls ?? []).flatMap((call) => (call.type === "function" ? [call] : []));
      this.#calls = made.map(({ id }) => id);
      this.#messages.push({ role: "assistant", content, ...(made.length > 0 && { tool_calls: made.map(plainCall) }) });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

function plainCall({
  id,
  function: { name, arguments: text },
}: OpenAI.ChatCompletionMessageFunctionToolCall): OpenAI.ChatCompletionMessageFunctionToolCall {
  return { id, type: "function", function: { name, arguments: text } };
}

function messagesOf(says: Says, calls: readonly string[]): Message[] {
  if (typeof says === "string") return [{ role: "user", content: says }];
  if (!("results" in says)) throw new Error(WORDS_ONLY);
  return says.results.map(({ call, content }) => {
    if (typeof content !== "string") throw new Error(WORDS_ONLY);
    return { role: "tool", tool_call_id: calls[call] ?? "", content };
  });
}
