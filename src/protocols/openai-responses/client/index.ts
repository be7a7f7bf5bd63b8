/** Responses as clients speak it to us (dossier A.3). */
import { encodeError } from "../../shared/openai-error-answers.ts";
import { encodeModel, encodeModelList } from "../../shared/openai-models.ts";
import { peek, speaks } from "../../shared/openai-peek.ts";
import type { ClientSide, StreamStyle } from "../../protocol.ts";
import { PROTOCOL } from "../wire.ts";
import { encodeResponse } from "./answer.ts";
import { streamError } from "./error-encode.ts";
import { decodeRequest } from "./request-decode.ts";
import { route } from "./route.ts";
import { socket } from "./socket.ts";
import { storedRoute } from "./stored-routes.ts";
import { stateful } from "./stored.ts";
import { KEEPALIVE, ResponsesStreamEncoder } from "./stream-encode.ts";
import { resumeStream } from "./stream-resume.ts";

const STYLE: StreamStyle = { contentType: "text/event-stream; charset=utf-8", heartbeat: KEEPALIVE, error: streamError };

/** OpenAI's names of what the ledger calls otherwise. */
const SETTING_NAMES: ReadonlyMap<string, string> = new Map([
  ["thinking", "reasoning"],
  ["thinking.budget_tokens", "reasoning.effort"],
  ["output_config.format", "text.format"],
  ["output_format", "text.format"],
  ["verbosity", "text.verbosity"],
  ["topP", "top_p"],
  ["logprobs", "include"],
]);

export const client: ClientSide = {
  id: PROTOCOL,
  settingNames: SETTING_NAMES,
  route: (method, pathname) => route(method, pathname) ?? storedRoute(method, pathname),
  speaks,
  streamStyle: () => STYLE,
  peek,
  decodeRequest,
  stateful,
  encodeResponse,
  streamEncoder: (context) => new ResponsesStreamEncoder(context),
  resumeStream,
  encodeError,
  encodeTokenCount: (tokens) => ({ object: "response.input_tokens", input_tokens: tokens }),
  encodeModelList,
  encodeModel,
  socket,
};
