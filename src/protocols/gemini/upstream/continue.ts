/** Going on with an answer that was longer than one request may give (rule 240). */
import { asString } from "../../../chat/json.ts";
import type { BrokenOff, EncodedRequest } from "../../protocol.ts";
import { ownFields } from "../native.ts";

/** The first request with the token of the rest; `undefined` when there is none. */
export function continueRequest(first: EncodedRequest, { finish }: BrokenOff): EncodedRequest | undefined {
  const token = asString(ownFields(finish.native)?.["continuationToken"]);
  if (finish.reason !== "continuation" || token === undefined || token === "") return undefined;
  // A conversation with so long an answer may be long itself: its text is not parsed for this.
  return { ...first, body: `${first.body.slice(0, -1)},"continuationToken":${JSON.stringify(token)}}` };
}
