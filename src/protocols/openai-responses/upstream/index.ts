/** OpenAI Responses as it is spoken to an upstream (A.3). */
import type { UpstreamSide } from "../../protocol.ts";
import { decodeError } from "../../shared/openai-errors.ts";
import { modelList } from "../../shared/openai-model-list.ts";
import { rates } from "../../shared/openai-rates.ts";
import { isOpenAiHeader } from "../../shared/relay-request.ts";
import { decodeInputTokens } from "../../shared/token-count.ts";
import { PROTOCOL } from "../wire.ts";
import { answerPath, inspectWhole, relayPath } from "./relay.ts";
import { relayBody, stateIssuers } from "./relay-body.ts";
import { ResponsesRelayTap } from "./relay-tap.ts";
import { encodeRequest, encodeTokenCount, takes } from "./request-encode.ts";
import { decodeResponse, ResponsesStreamDecoder } from "./stream-decode.ts";

export const upstream = {
  id: PROTOCOL,
  relayPath,
  answerPath,
  relaysRequestHeader: isOpenAiHeader,
  relayBody,
  stateIssuers,
  inspectWhole,
  relayTap: () => new ResponsesRelayTap(),
  encodeRequest,
  takes,
  encodeTokenCount,
  decodeTokenCount: decodeInputTokens,
  streamDecoder: (context) => new ResponsesStreamDecoder(context),
  decodeResponse,
  decodeError,
  rates,
  modelList,
} satisfies UpstreamSide;
