/** Gemini generateContent as clients speak it to us (dossier A.4). */
import type { ClientSide } from "../../protocol.ts";
import { encodeError } from "./error-encode.ts";
import { encodeModel, encodeModelList } from "./models.ts";
import { PROTOCOL } from "../native.ts";
import { decodeRequest, SETTING_NAMES } from "./request-decode.ts";
import { encodeResponse } from "./response-encode.ts";
import { peek, route, speaks } from "./route.ts";
import { GeminiStreamEncoder, streamStyle } from "./stream-encode.ts";
import { resumeStream } from "./stream-resume.ts";

export const client: ClientSide = {
  id: PROTOCOL,
  settingNames: SETTING_NAMES,
  route,
  speaks,
  streamStyle,
  peek,
  decodeRequest,
  encodeResponse,
  streamEncoder: (context) => new GeminiStreamEncoder(context),
  resumeStream,
  encodeError,
  encodeTokenCount: (tokens) => ({ totalTokens: tokens }),
  encodeModelList,
  encodeModel,
};
