/** `logprobsResult` (dossier A.4.4, rule 264): the tokens of an answer and how likely they were. */
import type { Finish, TokenLogprob } from "../../../chat/chat.ts";
import { asArray, asNumber, asObject, asString, type JsonValue } from "../../../chat/json.ts";

type Logprobs = NonNullable<Finish["logprobs"]>;

/** The chosen tokens of a candidate's `logprobsResult`, each with the alternatives at its place; empty for anything else. */
export function decodeLogprobs(value: JsonValue | undefined): Logprobs {
  const result = asObject(value);
  const tops = asArray(result?.["topCandidates"]) ?? [];
  return (asArray(result?.["chosenCandidates"]) ?? []).flatMap((chosen, i) => {
    const token = decodeToken(chosen);
    if (!token) return [];
    return [{ ...token, alternatives: (asArray(asObject(tops[i])?.["candidates"]) ?? []).flatMap((one) => decodeToken(one) ?? []) }];
  });
}

function decodeToken(value: JsonValue): TokenLogprob | undefined {
  const candidate = asObject(value);
  const token = asString(candidate?.["token"]);
  const logprob = asNumber(candidate?.["logProbability"]);
  return token === undefined || logprob === undefined ? undefined : { token, logprob };
}
