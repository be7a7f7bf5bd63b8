import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStateSealer, mintedBy, type StateEnvelope } from "./state.ts";

const key = Buffer.alloc(32, 1);
const sealer = createStateSealer([key]);
const envelope: StateEnvelope = {
  state: {
    issuer: { platform: "gemini", model: "gemini-3.8-pro", account: "a1" },
    kind: "thought-signature",
    value: "EsINCr8NAb4+9vvez/é",
  },
  binds: "next-call",
};

describe("the state envelope (dossier D.4)", () => {
  test("what goes in comes out, and sealing is deterministic", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom("self", "next-call", "next-text", "alone"), (value, binds) => {
        const given = { state: { ...envelope.state, value }, binds } as const;
        expect(sealer.open(sealer.seal(given))).toEqual(given);
        expect(sealer.seal(given)).toBe(sealer.seal(given));
      }),
    );
  });

  test("rule 165: one changed character, or another key, and it is absent", () => {
    const sealed = sealer.seal(envelope);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
      // The last character of base64url may hold unused bits: then the bytes are the same, and so is the state.
      expect([undefined, envelope]).toContainEqual(sealer.open(changed));
      if (at < sealed.length - 1) expect(sealer.open(changed)).toBeUndefined();
    }
    expect(createStateSealer([Buffer.alloc(32, 2)]).open(sealed)).toBeUndefined();
  });

  test("rule 165: no text at all, and none over the size limit, is an error", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom("", "dragoman-state-v1."), (text, prefix) => {
        expect(sealer.open(prefix + text)).toBeUndefined();
      }),
    );
    expect(sealer.open(sealer.seal({ ...envelope, state: { ...envelope.state, value: "x".repeat(300_000) } }))).toBeUndefined();
  });

  test("a rotated key still opens what it sealed; the first key seals", () => {
    const rotated = createStateSealer([Buffer.alloc(32, 9), key]);
    expect(rotated.open(sealer.seal(envelope))).toEqual(envelope);
    expect(sealer.open(rotated.seal(envelope))).toBeUndefined();
  });

  test("state goes back to its issuer only", () => {
    const { issuer } = envelope.state;
    expect(mintedBy(issuer, { platform: "gemini", model: "gemini-3.8-pro", account: "a1" })).toBe(true);
    expect(mintedBy(issuer, { platform: "gemini", model: "gemini-3.8-pro", account: "a2" })).toBe(false);
    expect(mintedBy(issuer, { platform: "gemini", model: "gemini-2.5-pro", account: "a1" })).toBe(false);
    expect(mintedBy(issuer, { platform: "vertex", model: "gemini-3.8-pro", account: "a1" })).toBe(false);
    expect(mintedBy({ platform: "anthropic" }, { platform: "anthropic", model: "m", account: "a" })).toBe(true);
  });
});
