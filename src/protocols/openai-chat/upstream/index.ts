/** Chat Completions as it is spoken to an upstream (A.2). */
import type { UpstreamSide } from "../../protocol.ts";
import { decodeError } from "../../shared/openai-errors.ts";
import { modelList } from "../../shared/openai-model-list.ts";
import { rates } from "../../shared/openai-rates.ts";
import { isOpenAiHeader } from "../../shared/relay-request.ts";
import { inspectWhole, relayBody, relayPath } from "./relay.ts";
import { ChatRelayTap } from "./relay-tap.ts";
import { encodeRequest, takes } from "./request-encode.ts";
import { ChatStreamDecoder, decodeResponse } from "./stream-decode.ts";
import { PROTOCOL } from "../wire.ts";

/** It has no question for a count of tokens. */
export const upstream: UpstreamSide = {
  id: PROTOCOL,
  relayPath,
  relaysRequestHeader: isOpenAiHeader,
  relayBody,
  inspectWhole,
  relayTap: () => new ChatRelayTap(),
  encodeRequest,
  takes,
  streamDecoder: (context) => new ChatStreamDecoder(context),
  decodeResponse,
  decodeError,
  rates,
  modelList,
};
