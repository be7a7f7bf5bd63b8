import { expect, test } from "vitest";
import { ask } from "../../test/support/gateway.ts";
import { client, clientRequest } from "../../test/support/messages.ts";
import { LessonMemory } from "../catalog/lesson-memory.ts";
import { profileFor } from "../catalog/profiles/index.ts";
import { protocols } from "../protocols/index.ts";
import type { Operation, Protocol, UpstreamSide } from "../protocols/protocol.ts";
import { createProvider } from "../providers/create.ts";
import { providerTypes } from "../providers/index.ts";
import type { Target } from "../routing/target.ts";
import { AnswerStates } from "./answer-states.ts";
import { MediaStore } from "./media.ts";
import { MintedStateMemory } from "./minted-states.ts";
import { ProtocolMemory } from "./protocol-memory.ts";
import { Preparation } from "./prepare.ts";

const timeouts = { connectMs: 1, headersMs: 1, firstContentMs: 1, idleMs: 1 };

/** A model of Gemini's. */
function target(): Target {
  const type = providerTypes.find((one) => one.type === "gemini");
  if (!type) throw new Error("no gemini");
  return {
    provider: createProvider({ name: "g", type, timeouts, credentials: [] }),
    model: "gemini-3.8-pro",
    protocol: "gemini",
    protocols: ["gemini"],
  };
}

/** A Messages request on its way to a protocol that cannot count. */
function preparation(operation: Operation): Preparation {
  const gemini = protocols.get("gemini") as Protocol;
  const sides = Object.entries(gemini.upstream).filter(([name]) => !name.endsWith("TokenCount"));
  const upstream = Object.fromEntries(sides) as unknown as UpstreamSide;
  const request = clientRequest(ask("How many words are these?"), {}, operation);
  return new Preparation(
    {
      instanceId: "i",
      protocols: new Map([["gemini", { ...gemini, upstream }]]),
      stateKeys: [Buffer.alloc(32, 7)],
      userAgent: "dragoman/test",
      media: new MediaStore(() => Promise.reject(new Error("no network")), 1),
      lessons: new LessonMemory({ now: () => 0 }),
      answerStates: new AnswerStates({ now: () => 0 }),
      mintedStates: new MintedStateMemory({ now: () => 0 }),
      protocolMemory: new ProtocolMemory({ now: () => 0 }),
      profileFor,
    },
    { client, request, rawHeaders: [], peek: client.peek(request), lossMode: "default", requestId: "r", caller: "" },
  );
}

test("rule 353: what the upstream cannot count is estimated, and only when a count is asked for", () => {
  expect(preparation("count-tokens").localCount(target())).toBeGreaterThan(5);
  expect(preparation("generate").localCount(target())).toBeUndefined();
});
