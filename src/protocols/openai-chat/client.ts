/** Chat Completions as clients speak it to us (dossier A.2). */
import { GatewayError } from "../../chat/error.ts";
import type { ClientSide, StreamStyle } from "../protocol.ts";
import { encodeResponse } from "./completion-encode.ts";
import { encodeError, streamError } from "./error-encode.ts";
import { encodeModel, encodeModelList } from "./models.ts";
import { peek, route, speaks } from "./peek.ts";
import { decodeRequest } from "./request-decode.ts";
import { ChatStreamEncoder, KEEPALIVE } from "./stream-encode.ts";
import { PROTOCOL } from "./wire.ts";

const STYLE: StreamStyle = { contentType: "text/event-stream; charset=utf-8", heartbeat: KEEPALIVE, error: streamError };

export const client: ClientSide = {
  id: PROTOCOL,
  route,
  speaks,
  streamStyle: () => STYLE,
  peek,
  decodeRequest,
  dropsCallState: true,
  encodeResponse,
  streamEncoder: (context) => new ChatStreamEncoder(context),
  encodeError,
  encodeTokenCount: () => {
    // No route leads here: the protocol has no question for it.
    throw new GatewayError("not-found", "Chat Completions has no way to count tokens.");
  },
  encodeModelList,
  encodeModel,
};
