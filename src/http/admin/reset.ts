/** Ends rests by hand. */
import { GatewayError } from "../../chat/error.ts";
import { asObject, asString, tryParseJson } from "../../chat/json.ts";
import { readBody } from "../body.ts";
import { sendJson } from "./answer.ts";
import type { AdminContext, Asked } from "./context.ts";
import { notFound, readQuery, unknownName } from "./query.ts";

/** More than any names need. */
const MAX_BYTES = 65_536;
const FIELDS = ["provider", "credential"];

/** `POST /admin/reset` with `{ provider, credential? }`: what they rest from is forgotten, and answered with the same. */
export async function answerReset({ pool, log }: AdminContext, { query, request, response }: Asked): Promise<void> {
  readQuery(query, []);
  const { provider, credential } = readNames(await readBody(request, MAX_BYTES));
  const pools = pool.describe();
  if (!pool.reset(provider, credential)) {
    const known = credential === undefined ? undefined : pools.find((view) => view.provider === provider);
    if (!known || credential === undefined) {
      const providers = pools.map((view) => view.provider);
      throw notFound("provider", provider, providers);
    }
    const names = known.credentials.map(({ name }) => name);
    throw notFound("credential", credential, names, ` of ${provider}`);
  }
  log.info({ provider, credential }, "reset by hand");
  sendJson(response, { reset: { provider, ...(credential !== undefined && { credential }) } });
}

function readNames(body: Buffer): { readonly provider: string; readonly credential?: string } {
  const given = asObject(tryParseJson(body.toString("utf8")));
  if (!given) throw invalid('The body must be a JSON object such as {"provider":"google","credential":"project-a"}.');
  for (const name of Object.keys(given)) if (!FIELDS.includes(name)) throw unknownName("field", name, FIELDS);
  const provider = asString(given["provider"]);
  const credential = asString(given["credential"]);
  if (provider === undefined) throw invalid("`provider` is missing: the name of one, as the config has it.");
  if (given["credential"] !== undefined && credential === undefined) throw invalid("`credential` must be a credential's name.");
  return { provider, ...(credential !== undefined && { credential }) };
}

function invalid(message: string): GatewayError {
  return new GatewayError("invalid-request", message);
}
