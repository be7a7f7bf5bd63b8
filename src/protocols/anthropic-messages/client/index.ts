/** Anthropic Messages as clients speak it to us (dossier A.1). */
import type { ClientSide, StreamStyle } from "../../protocol.ts";
import { encodeError, streamError } from "./error-encode.ts";
import { encodeResponse } from "./message.ts";
import { encodeModel, encodeModelList } from "./models.ts";
import { peek, route } from "../peek.ts";
import { decodeRequest } from "./request-decode.ts";
import { MessagesStreamEncoder, PING } from "./stream-encode.ts";
import { resumeStream } from "./stream-resume.ts";
import { PROTOCOL } from "../wire.ts";

const STYLE: StreamStyle = { contentType: "text/event-stream; charset=utf-8", heartbeat: PING, error: streamError };

export const client: ClientSide = {
  id: PROTOCOL,
  route,
  speaks: (headers) => "anthropic-version" in headers,
  streamStyle: () => STYLE,
  peek,
  decodeRequest,
  keptState: "texts",
  encodeResponse,
  streamEncoder: (context) => new MessagesStreamEncoder(context),
  resumeStream,
  encodeError,
  encodeTokenCount: (tokens) => ({ input_tokens: tokens }),
  encodeModelList,
  encodeModel,
};
