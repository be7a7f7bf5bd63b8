/** A request may come back to the gateway that sent it, through others of its kind too: a header names all that it has passed. */
import { GatewayError } from "../chat/error.ts";

/** The instances a request has passed, commas between. */
export const HOP_HEADER = "x-dragoman-hop";

/** More gateways in a row than anybody means to have. */
const MAX_HOPS = 8;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

function hops(headers: Headers): readonly string[] {
  return String(headers[HOP_HEADER] ?? "")
    .split(/[ ,]+/)
    .filter((hop) => hop !== "");
}

/** The header for what goes on from here. */
export function hopsAfter(headers: Headers, instanceId: string): string {
  return [...hops(headers), instanceId].join(", ");
}

/** @throws GatewayError `unsupported` when a request has been here, or has come a long way: it would go round for ever. */
export function refuseLoops(headers: Headers, instanceId: string): void {
  const passed = hops(headers);
  if (passed.includes(instanceId)) {
    throw new GatewayError(
      "unsupported",
      "This request came from this Dragoman itself: the base_url of one of its providers leads back to it.",
      { shouldRetry: false },
    );
  }
  if (passed.length >= MAX_HOPS) {
    throw new GatewayError("unsupported", `This request has passed ${passed.length} Dragomans; their base_urls may lead in a circle.`, {
      shouldRetry: false,
    });
  }
}
