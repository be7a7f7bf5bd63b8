/** Anthropic Messages as it is spoken to an upstream (dossier A.1). */
import type { UpstreamSide } from "../../protocol.ts";
import { continueRequest } from "./continue-encode.ts";
import { decodeError } from "./error-decode.ts";
import { inspectWhole, relayPath, relaysRequestHeader } from "./relay.ts";
import { relayBody, stateIssuers } from "./relay-body.ts";
import { MessagesRelayTap } from "./relay-tap.ts";
import { modelList } from "./model-list.ts";
import { rates } from "./rates.ts";
import { encodeRequest } from "./request-encode.ts";
import { MessagesDecoder } from "./stream-decode.ts";
import { decodeInputTokens } from "../../shared/token-count.ts";
import { encodeTokenCount } from "./token-count.ts";
import { PROTOCOL } from "../wire.ts";

export const upstream = {
  id: PROTOCOL,
  relayPath,
  relaysRequestHeader,
  relayBody,
  stateIssuers,
  inspectWhole,
  relayTap: () => new MessagesRelayTap(),
  fetchesUrl: () => false,
  encodeRequest,
  continueRequest,
  encodeTokenCount,
  decodeTokenCount: decodeInputTokens,
  streamDecoder: (context) => new MessagesDecoder(context),
  decodeResponse: (body, context) => new MessagesDecoder(context).whole(body),
  decodeError,
  rates,
  modelList,
} satisfies UpstreamSide;
