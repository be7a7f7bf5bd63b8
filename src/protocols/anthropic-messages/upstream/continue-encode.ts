/** Going on with an answer that paused while the provider ran its own tools (rule 227): what it said is sent back. */
import { asArray, asObject, asString, parseJson, writeJson } from "../../../chat/json.ts";
import type { BrokenOff, EncodedRequest, EncodeTarget } from "../../protocol.ts";
import { encodeContent } from "./content-encode.ts";
import { ownFields } from "../native.ts";

/** The first request with all of the answer so far behind it, in the container that its tools ran in; `undefined` when it did not pause. */
export function continueRequest(first: EncodedRequest, { finish, items }: BrokenOff, target: EncodeTarget): EncodedRequest | undefined {
  if (finish.reason !== "pause") return undefined;
  const content = items.flatMap((item, i) => encodeContent(item, `answer[${i}]`, target));
  const body = asObject(parseJson(first.body));
  if (!body || content.length === 0) return undefined;
  const messages = [...(asArray(body["messages"]) ?? []), { role: "assistant", content }];
  const container = asString(asObject(ownFields(finish.native)?.["container"])?.["id"]);
  return { ...first, body: writeJson({ ...body, messages, ...(container !== undefined && { container }) }) };
}
