/** OpenAI Chat Completions (dossier A.2), which most vendors and local servers speak. */
import type { Protocol } from "../protocol.ts";
import { client } from "./client/index.ts";
import { upstream } from "./upstream/index.ts";
import { PROTOCOL } from "./wire.ts";

export const openaiChat: Protocol = { id: PROTOCOL, client, upstream };
