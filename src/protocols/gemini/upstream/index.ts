/** Gemini generateContent as it is spoken to an upstream (dossier A.4). */
import type { UpstreamSide } from "../../protocol.ts";
import { continueRequest } from "./continue.ts";
import { decodeError } from "./error.ts";
import { fetchesUrl } from "./media.ts";
import { modelList } from "./model-list.ts";
import { PROTOCOL } from "../native.ts";
import { relayBody, stateIssuers } from "./relay-body.ts";
import { GeminiRelayTap, inspectWhole, relayPath, relaysRequestHeader } from "./relay.ts";
import { decodeTokenCount, encodeRequest, encodeTokenCount } from "./request.ts";
import { decodeResponse, GeminiStreamDecoder } from "./stream.ts";

export const upstream = {
  id: PROTOCOL,
  relayPath,
  relaysRequestHeader,
  relayBody,
  stateIssuers,
  inspectWhole,
  relayTap: () => new GeminiRelayTap(),
  fetchesUrl,
  encodeRequest,
  continueRequest,
  encodeTokenCount,
  decodeTokenCount,
  streamDecoder: (context) => new GeminiStreamDecoder(context),
  decodeResponse,
  decodeError,
  modelList,
} satisfies UpstreamSide;
