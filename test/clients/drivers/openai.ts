/** The official OpenAI SDK, Chat Completions. */
import { equal, ok } from "node:assert";
import OpenAI from "openai";

import { city } from "../city.ts";
import { all, gateway, key, mostRounds, perform, printCity, prompt, shell } from "./driver.ts";

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key });
const model = "gpt-5.5";
const asking: OpenAI.ChatCompletionMessageParam = { role: "user", content: prompt };

await perform({
  async answer() {
    const whole = await client.chat.completions.create({ model, messages: [asking] });
    check(whole);
    const stream = client.chat.completions.stream({ model, messages: [asking], stream_options: { include_usage: true } });
    check(await stream.finalChatCompletion());
  },
  async stream() {
    const { choices } = await client.chat.completions.stream({ model, messages: [asking] }).finalChatCompletion();
    console.log(choices[0]?.message.content);
  },
  async tools() {
    const runner = client.chat.completions.runTools(
      {
        model,
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: "system", content: "Be brief." }, asking],
        tools: [
          {
            type: "function",
            function: {
              name: shell.name,
              description: shell.description,
              parameters: shell.parameters,
              parse: JSON.parse,
              function: shell.run,
            },
          },
        ],
      },
      { maxChatCompletions: mostRounds },
    );
    check(await runner.finalChatCompletion());
  },
  async json() {
    const format = { type: "json_schema", json_schema: { name: "city", schema: city, strict: true } } as const;
    const answer = await client.chat.completions.parse({ model, messages: [asking], response_format: format });
    printCity(answer.choices[0]?.message.parsed);
  },
  async models() {
    const models = await all(client.models.list());
    const first = models[0];
    ok(first !== undefined && models.every(({ id, object }) => id !== "" && object === "model"));
    equal((await client.models.retrieve(first.id)).id, first.id);
    console.log(models.map(({ id }) => id).join(" "));
  },
});

function check({ object, choices, usage }: OpenAI.ChatCompletion): void {
  const [choice, ...others] = choices;
  equal(object, "chat.completion");
  ok(choice?.finish_reason === "stop" && others.length === 0);
  ok(usage && usage.prompt_tokens > 0 && usage.completion_tokens > 0);
  equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  console.log(choice.message.content);
}
