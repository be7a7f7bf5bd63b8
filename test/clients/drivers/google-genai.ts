/** The official Google SDK, against the Gemini API or in the manner of Vertex. */
import { equal, ok } from "node:assert";
import { GoogleGenAI, type Content, type GenerateContentResponse, type Part } from "@google/genai";

import { city } from "../city.ts";
import { all, clientName, gateway, key, mostRounds, perform, printCity, prompt, shell } from "./driver.ts";

const client = new GoogleGenAI({ vertexai: clientName.endsWith("-vertex"), apiKey: key, httpOptions: { baseUrl: gateway } });
const model = "gemini-3.8-pro";
const declaration = { name: shell.name, description: shell.description, parametersJsonSchema: shell.parameters };

await perform({
  async answer() {
    const whole = await client.models.generateContent({ model, contents: prompt });
    checkEnd(whole);
    console.log(whole.text);
    console.log(wordsOf(await streamed([{ role: "user", parts: [{ text: prompt }] }])));
  },
  async stream() {
    for await (const { text } of await client.models.generateContentStream({ model, contents: prompt })) process.stdout.write(text ?? "");
  },
  async tools() {
    const contents: Content[] = [{ role: "user", parts: [{ text: prompt }] }];
    for (let round = 0; round < mostRounds; round += 1) {
      const parts = await streamed(contents, { functionDeclarations: [declaration] });
      const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
      if (calls.length === 0) return console.log(wordsOf(parts));
      const results = calls.map(({ id, name = "", args }) => ({
        functionResponse: { ...(id !== undefined && { id }), name, response: { output: shell.run(args as { command: string }) } },
      }));
      contents.push({ role: "model", parts }, { role: "user", parts: results });
    }
    throw new Error("it does not stop calling tools");
  },
  async json() {
    const config = { responseMimeType: "application/json", responseJsonSchema: city };
    printCity(JSON.parse((await client.models.generateContent({ model, contents: prompt, config })).text ?? ""));
  },
  async count() {
    const { totalTokens = 0 } = await client.models.countTokens({ model, contents: prompt });
    ok(totalTokens > 0);
    console.log(totalTokens);
  },
  async models() {
    const models = await all(await client.models.list());
    const name = models[0]?.name;
    ok(name !== undefined && models.every((listed) => listed.name));
    equal((await client.models.get({ model: name })).name, name);
    console.log(models.map((listed) => listed.name).join(" "));
  },
});

/** The parts of a streamed answer, in order, as they have to be sent back. */
async function streamed(contents: Content[], tool?: { functionDeclarations: (typeof declaration)[] }): Promise<Part[]> {
  const config = { systemInstruction: "Be brief.", thinkingConfig: { includeThoughts: true }, ...(tool && { tools: [tool] }) };
  const parts: Part[] = [];
  let last: GenerateContentResponse | undefined;
  for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
    parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
    last = chunk;
  }
  checkEnd(last);
  return parts;
}

function checkEnd(answer: GenerateContentResponse | undefined): void {
  equal(answer?.candidates?.[0]?.finishReason, "STOP");
  ok((answer?.usageMetadata?.totalTokenCount ?? 0) > 0);
}

function wordsOf(parts: readonly Part[]): string {
  return parts.map(({ thought, text }) => (thought === true ? "" : (text ?? ""))).join("");
}
