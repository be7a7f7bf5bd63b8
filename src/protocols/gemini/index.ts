/** Gemini generateContent (dossier A.4), as the protocol clients speak to us and as the one we speak to an upstream. */
import type { ClientSide, Protocol, UpstreamSide } from "../protocol.ts";
import { continueRequest } from "./continue.ts";
import { encodeError } from "./error-encode.ts";
import { decodeError } from "./error.ts";
import { encodeModel, encodeModelList } from "./models.ts";
import { PROTOCOL } from "./native.ts";
import { fetchesUrl } from "./media.ts";
import { relayBody } from "./relay-body.ts";
import { GeminiRelayTap, inspectWhole, relayPath, relaysRequestHeader } from "./relay.ts";
import { decodeRequest, SETTING_NAMES } from "./request-decode.ts";
import { decodeTokenCount, encodeRequest, encodeTokenCount } from "./request.ts";
import { encodeResponse } from "./response-encode.ts";
import { peek, route, speaks } from "./route.ts";
import { GeminiStreamEncoder, streamStyle } from "./stream-encode.ts";
import { decodeResponse, GeminiStreamDecoder } from "./stream.ts";

const client: ClientSide = {
  id: PROTOCOL,
  settingNames: SETTING_NAMES,
  route,
  speaks,
  streamStyle,
  peek,
  decodeRequest,
  encodeResponse,
  streamEncoder: (context) => new GeminiStreamEncoder(context),
  encodeError,
  encodeTokenCount: (tokens) => ({ totalTokens: tokens }),
  encodeModelList,
  encodeModel,
};

const upstream: Required<UpstreamSide> = {
  id: PROTOCOL,
  relayPath,
  relaysRequestHeader,
  relayBody,
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
};

export const gemini = { id: PROTOCOL, client, upstream } satisfies Protocol;
