/** How likely the tokens of an answer were, as OpenAI's two protocols tell it (rule 264). */
import type { Finish, TokenLogprob } from "../../chat/chat.ts";
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** Tokens with their alternatives. */
export type Logprobs = NonNullable<Finish["logprobs"]>;

/** A list of `{token, logprob, top_logprobs}`; entries that tell nothing are left out. */
export function decodeLogprobs(value: JsonValue | undefined): Logprobs {
  return (asArray(value) ?? []).flatMap((entry) => {
    const token = decodeToken(entry);
    const alternatives = asArray(asObject(entry)?.["top_logprobs"]) ?? [];
    return token ? [{ ...token, alternatives: alternatives.flatMap((one) => decodeToken(one) ?? []) }] : [];
  });
}

function decodeToken(entry: JsonValue): TokenLogprob | undefined {
  const fields = asObject(entry);
  const token = asString(fields?.["token"]);
  const logprob = asNumber(fields?.["logprob"]);
  return token === undefined || logprob === undefined ? undefined : { token, logprob };
}

/** The list again, with the bytes of each token, which both protocols demand. */
export function encodeLogprobs(logprobs: Logprobs): JsonObject[] {
  return logprobs.map(({ alternatives, ...token }) => ({ ...encodeToken(token), top_logprobs: alternatives.map(encodeToken) }));
}

function encodeToken({ token, logprob }: TokenLogprob): JsonObject {
  return { token, logprob, bytes: [...Buffer.from(token)] };
}
