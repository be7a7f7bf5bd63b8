/** Anthropic Messages (dossier A.1). */
import type { Protocol } from "../protocol.ts";
import { client } from "./client/index.ts";
import { upstream } from "./upstream/index.ts";
import { PROTOCOL } from "./wire.ts";

export const anthropicMessages = { id: PROTOCOL, client, upstream } satisfies Protocol;
