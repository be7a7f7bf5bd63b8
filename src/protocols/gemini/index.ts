/** Gemini generateContent (dossier A.4). */
import type { Protocol } from "../protocol.ts";
import { client } from "./client/index.ts";
import { PROTOCOL } from "./native.ts";
import { upstream } from "./upstream/index.ts";

export const gemini = { id: PROTOCOL, client, upstream } satisfies Protocol;
