/** Chat Completions as clients speak it to us (dossier A.2). */
import { GatewayError } from "../../../chat/error.ts";
import type { ClientSide, StreamStyle } from "../../protocol.ts";
import { encodeResponse } from "./completion-encode.ts";
import { encodeError } from "../../shared/openai-error-answers.ts";
import { peek, speaks } from "../../shared/openai-peek.ts";
import { streamError } from "./error-encode.ts";
import { encodeModel, encodeModelList } from "../../shared/openai-models.ts";
import { decodeRequest } from "./request-decode.ts";
import { route } from "./route.ts";
import { ChatStreamEncoder, KEEPALIVE } from "./stream-encode.ts";
import { resumeStream } from "./stream-resume.ts";
import { PROTOCOL } from "../wire.ts";

const STYLE: StreamStyle = { contentType: "text/event-stream; charset=utf-8", heartbeat: KEEPALIVE, error: streamError };

/** OpenAI's names of what the ledger calls otherwise. */
const SETTING_NAMES: ReadonlyMap<string, string> = new Map([
  ["thinking", "reasoning_effort"],
  ["thinking.budget_tokens", "reasoning_effort"],
  ["output_config.format", "response_format"],
  ["output_format", "response_format"],
  ["topP", "top_p"],
  ["topK", "top_k"],
  ["presencePenalty", "presence_penalty"],
  ["frequencyPenalty", "frequency_penalty"],
]);

export const client: ClientSide = {
  id: PROTOCOL,
  settingNames: SETTING_NAMES,
  route,
  speaks,
  streamStyle: () => STYLE,
  peek,
  decodeRequest,
  keptState: "all",
  encodeResponse,
  streamEncoder: (context) => new ChatStreamEncoder(context),
  resumeStream,
  encodeError,
  encodeTokenCount: () => {
    // No route leads here: the protocol has no question for it.
    throw new GatewayError("not-found", "Chat Completions has no way to count tokens.");
  },
  encodeModelList,
  encodeModel,
};
