/**
 * The envelope around opaque state in every place where a client may bring it back (dossier D.4): what does not verify counts
 * as absent and is never an error (rule 165), a key can be rotated, and state belongs to the virtual key it was minted for.
 */
import { describe, expect, test } from "vitest";
import type { ProtocolId } from "../src/chat/chat.ts";
import { LossLedger } from "../src/chat/loss.ts";
import { createStateSealer, type OpaqueState, type StateSealer } from "../src/chat/state.ts";
import { sealSignature } from "../src/protocols/gemini/state.ts";
import { protocols } from "../src/protocols/index.ts";
import type { ClientRoute, Protocol } from "../src/protocols/protocol.ts";
import { scanObject } from "../src/wire/json-scan.ts";

const KEY = Buffer.alloc(32, 1);
const OTHER_KEY = Buffer.alloc(32, 2);
const mine = createStateSealer([KEY], "alice");
const state: OpaqueState = { issuer: { platform: "elsewhere", model: "m", account: "a" }, kind: "encrypted-reasoning", value: "c2VjcmV0" };

interface Carrier {
  readonly protocol: ProtocolId;
  readonly field: string;
  readonly seal: (sealer: StateSealer, state: OpaqueState) => string;
  /** A request that brings it. */
  readonly body: (value: string) => object;
}

const plainly = (sealer: StateSealer, sealed: OpaqueState): string => sealer.seal({ state: sealed, binds: "self" });
const inBase64 = (sealer: StateSealer, sealed: OpaqueState): string => sealSignature([sealed], sealer) ?? "";
const said = { type: "text", text: "Hello." };
const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };

const messages = (block: object): object => ({
  model: "m",
  max_tokens: 9,
  messages: [
    { role: "user", content: "Hi" },
    { role: "assistant", content: [block, said] },
    { role: "user", content: "And?" },
  ],
});
const chat = (more: object): object => ({
  model: "m",
  messages: [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello.", ...more },
    { role: "tool", tool_call_id: "c1", content: "ok" },
  ],
});
const gemini = (...parts: object[]): object => ({
  contents: [
    { role: "user", parts: [{ text: "Hi" }] },
    { role: "model", parts },
    { role: "user", parts: [{ text: "And?" }] },
  ],
});
const responses = (item: object): object => ({
  model: "m",
  input: [{ role: "user", content: "Hi" }, item, { role: "assistant", content: "Hello." }, { role: "user", content: "And?" }],
});

const CARRIERS: readonly Carrier[] = [
  {
    protocol: "anthropic-messages",
    field: "signature",
    seal: plainly,
    body: (signature) => messages({ type: "thinking", thinking: "", signature }),
  },
  { protocol: "anthropic-messages", field: "data", seal: plainly, body: (data) => messages({ type: "redacted_thinking", data }) },
  {
    protocol: "openai-chat",
    field: "reasoning_details",
    seal: plainly,
    body: (data) =>
      chat({
        reasoning_details: [{ type: "reasoning.encrypted", data, format: "dragoman-v1", index: 0, position: [0, 0] }],
        tool_calls: [call],
      }),
  },
  {
    protocol: "openai-chat",
    field: "thought_signature",
    seal: plainly,
    body: (thought_signature) => chat({ tool_calls: [{ ...call, extra_content: { google: { thought_signature } } }] }),
  },
  {
    protocol: "gemini",
    field: "thoughtSignature",
    seal: inBase64,
    body: (thoughtSignature) => gemini({ text: "Hello.", thoughtSignature }),
  },
  {
    protocol: "openai-responses",
    field: "encrypted_content",
    seal: plainly,
    body: (encrypted_content) => responses({ type: "reasoning", id: "rs_1", summary: [], encrypted_content }),
  },
];

/** Values by which state is known from its request, once it is opened. */
function statesIn(protocol: Protocol, body: object, sealer: StateSealer): readonly string[] {
  const route: ClientRoute = { operation: "generate", model: "m" };
  const request = { route, query: new URLSearchParams(), headers: {}, body: Buffer.from(JSON.stringify(body)) };
  const decoded = protocol.client?.decodeRequest(request, sealer);
  return (decoded?.items ?? []).flatMap((item) => ("state" in item && item.state ? [item.state.value] : []));
}

/** The same body as another of the protocol's own upstreams gets it. */
function relayed({ upstream }: Protocol, body: object): string {
  const bytes = Buffer.from(JSON.stringify(body));
  const target = { model: "m", issuer: { platform: "p" }, sealer: mine, losses: new LossLedger(), mintedBy: () => undefined };
  return upstream.relayBody(bytes, scanObject(bytes), target).toString();
}

const carriers = CARRIERS.flatMap((carrier) => {
  const protocol = protocols.get(carrier.protocol);
  return protocol?.client ? [[`${carrier.protocol} ${carrier.field}`, carrier, protocol] as const] : [];
});

describe.each(carriers)("%s", (_name, { seal, body }, protocol) => {
  const sealed = seal(mine, state);

  test("what was sealed opens, and a client that checks finds base64 where the protocol has it", () => {
    expect(statesIn(protocol, body(sealed), mine)).toEqual([state.value]);
    if (seal === inBase64) expect(Buffer.from(sealed, "base64").toString("base64")).toBe(sealed);
  });

  test("a rotated key: the first one seals, all open", () => {
    const rotated = createStateSealer([OTHER_KEY, KEY], "alice");
    expect(statesIn(protocol, body(sealed), rotated)).toEqual([state.value]);
    expect(statesIn(protocol, body(seal(rotated, state)), createStateSealer([OTHER_KEY], "alice"))).toEqual([state.value]);
    expect(statesIn(protocol, body(seal(rotated, state)), mine)).toEqual([]);
  });

  const damaged = (text: string): string => (seal === inBase64 ? Buffer.from(text).toString("base64") : text);
  const envelope = plainly(mine, state);
  test.each<[string, string]>([
    ["damaged", damaged(envelope.replace(/.(?=\.)/, (last) => (last === "A" ? "B" : "A")))],
    ["cut off", damaged(envelope.slice(0, -9))],
    ["without its end", damaged(envelope.slice(0, envelope.lastIndexOf(".")))],
    ["nothing but its beginning", damaged("dragoman-state-v1.")],
    ["of another key", seal(createStateSealer([OTHER_KEY], "alice"), state)],
    ["of another virtual key", seal(createStateSealer([KEY], "bob"), state)],
    ["of a version to come", damaged(envelope.replace("-v1.", "-v2."))],
    ["larger than any is", seal(mine, { ...state, value: "x".repeat(262_144) })],
  ])("rule 165: %s, it is absent, and no upstream sees it", (_how, value) => {
    expect(statesIn(protocol, body(value), mine)).toEqual([]);
    const sent = relayed(protocol, body(value));
    expect(sent).not.toContain(value);
    expect(sent).toContain("Hello.");
  });
});
