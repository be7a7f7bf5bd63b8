/** Gemini generateContent (dossier A.4): how it is spoken to an upstream. */
import type { Protocol, UpstreamSide } from "../protocol.ts";
import { decodeError } from "./error.ts";
import { GeminiRelayTap, inspectWhole, relayPath, relaysRequestHeader } from "./relay.ts";
import { decodeTokenCount, encodeRequest, encodeTokenCount } from "./request.ts";
import { decodeResponse, GeminiStreamDecoder } from "./stream.ts";

const upstream: Required<UpstreamSide> = {
  id: "gemini",
  relayPath,
  relaysRequestHeader,
  // The model stands in the path.
  relayBody: (body) => body,
  inspectWhole,
  relayTap: () => new GeminiRelayTap(),
  encodeRequest,
  encodeTokenCount,
  decodeTokenCount,
  streamDecoder: (context) => new GeminiStreamDecoder(context),
  decodeResponse,
  decodeError,
};

export const gemini = { id: "gemini", upstream } satisfies Protocol;
