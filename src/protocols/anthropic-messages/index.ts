/** Anthropic Messages (dossier A.1), as the protocol clients speak to us and as the one we speak to an upstream. */
import type { ClientSide, Protocol, StreamStyle, UpstreamSide } from "../protocol.ts";
import { continueRequest } from "./continue-encode.ts";
import { decodeError } from "./error-decode.ts";
import { encodeError, streamError } from "./error-encode.ts";
import { encodeResponse } from "./message.ts";
import { encodeModel, encodeModelList } from "./models.ts";
import { peek, route } from "./peek.ts";
import { inspectWhole, relayBody, relayPath, relaysRequestHeader } from "./relay.ts";
import { MessagesRelayTap } from "./relay-tap.ts";
import { decodeRequest } from "./request-decode.ts";
import { encodeRequest } from "./request-encode.ts";
import { MessagesDecoder } from "./stream-decode.ts";
import { MessagesStreamEncoder, PING } from "./stream-encode.ts";
import { decodeTokenCount, encodeTokenCount, encodeTokenCountRequest } from "./token-count.ts";
import { PROTOCOL } from "./wire.ts";

const STYLE: StreamStyle = { contentType: "text/event-stream; charset=utf-8", heartbeat: PING, error: streamError };

const client: ClientSide = {
  id: PROTOCOL,
  route,
  speaks: (headers) => "anthropic-version" in headers,
  streamStyle: () => STYLE,
  peek,
  decodeRequest,
  encodeResponse,
  streamEncoder: (context) => new MessagesStreamEncoder(context),
  encodeError,
  encodeTokenCount,
  encodeModelList,
  encodeModel,
};

const upstream: Required<UpstreamSide> = {
  id: PROTOCOL,
  relayPath,
  relaysRequestHeader,
  relayBody,
  inspectWhole,
  relayTap: () => new MessagesRelayTap(),
  fetchesUrl: () => false,
  encodeRequest,
  continueRequest,
  encodeTokenCount: encodeTokenCountRequest,
  decodeTokenCount,
  streamDecoder: (context) => new MessagesDecoder(context),
  decodeResponse: (body, context) => new MessagesDecoder(context).whole(body),
  decodeError,
};

export const anthropicMessages = { id: PROTOCOL, client, upstream } satisfies Protocol;
