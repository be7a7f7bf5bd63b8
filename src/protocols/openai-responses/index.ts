/** OpenAI Responses (dossier A.3). */
import type { Protocol } from "../protocol.ts";
import { client } from "./client/index.ts";
import { upstream } from "./upstream/index.ts";
import { PROTOCOL } from "./wire.ts";

export const openaiResponses: Protocol = { id: PROTOCOL, client, upstream };
