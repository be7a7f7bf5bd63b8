/** Where losses are told: beside the answer and in the log (dossier D.2). */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, post } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const UPSTREAMS = [
  ["gemini", "gemini-3.8-pro", ""],
  ["openai", "gpt-6", "/v1"],
  ["openai", "gpt-6", "/v1", "openai-chat"],
] as const;

describe.each(UPSTREAMS)("Messages to a provider of type %s, model %s", (type, model, path, protocol?: string) => {
  const protocols = protocol === undefined ? "" : `protocols: [${protocol}], `;
  const config = (upstream: string): string => `
providers:
  up: { type: ${type}, ${protocols}base_url: "${upstream}${path}", credentials: [{ api_key: k }] }
models: { "*": up/${model} }
`;

  test("rule 7: a loss stands in a header and in the log, and no word of it in the prompt", async () => {
    const { url, simulator, log } = await start({ config });
    const cited = { type: "document", source: { type: "text", media_type: "text/plain", data: "Grass is green." } };
    const messages = (more: object): object[] => [
      {
        role: "user",
        content: [
          { ...cited, ...more },
          { type: "text", text: "hi" },
        ],
      },
    ];
    const asked = async (body: object): Promise<string | null> => {
      const answer = await post(url, { ...ask(""), stream: true, ...body });
      expect(answer.status).toBe(200);
      await answer.text();
      return answer.headers.get("x-dragoman-loss");
    };

    expect(await asked({ messages: messages({}) })).toBeNull();
    const lost = await asked({ messages: messages({ citations: { enabled: true } }), speed: "fast" });
    expect(lost).toBe("native-field;messages[0].content[0].citations, native-field;speed");
    const [plain, lossy] = simulator.requests;
    expect(lossy?.body.toString()).toBe(plain?.body.toString());
    const logged = log.flatMap((line) => (JSON.parse(line) as { losses?: readonly { code: string; path: string }[] }).losses ?? []);
    // What an answer loses is not known yet when its head goes out.
    const asking = logged.filter(({ path: where }) => !where.startsWith("answer"));
    expect(asking.map(({ code, path: where }) => `${code};${where}`).join(", ")).toBe(lost);
  });
});
