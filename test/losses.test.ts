/** Where losses are told: beside the answer and in the log (dossier D.2). */
import { describe, expect, test } from "vitest";
import type { ProtocolId } from "../src/chat/chat.ts";
import { ask, gatewaysForTests, oneModel, post } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const UPSTREAMS = [
  ["gemini", "gemini-3.8-pro"],
  ["openai", "gpt-6", "openai-responses"],
  ["openai", "gpt-6", "openai-chat"],
] as const;

describe.each(UPSTREAMS)("Messages to %s, model %s, %s", (type, model, protocol?: ProtocolId) => {
  test("rule 7: a loss stands in a header and in the log, and no word of it in the prompt", async () => {
    const { url, simulator, log } = await start({ config: oneModel(type, model, protocol) });
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
