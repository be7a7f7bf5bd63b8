/** Deletes at its provider an answer that the provider keeps. */
import { GatewayError, toGatewayError } from "../chat/error.ts";
import type { ClientRequest, UpstreamSide } from "../protocols/protocol.ts";
import type { Router } from "../routing/router.ts";
import type { Transport, UpstreamRequest } from "../wire/transport.ts";
import { HOP_HEADER, hopsAfter } from "./hops.ts";
import { Refusal } from "./refusal.ts";
import type { AnsweredBy } from "./request-state.ts";
import type { Shutdown } from "./shutdown.ts";

/** What deleting needs from the program. */
export interface DeletionContext {
  readonly transport: Transport;
  readonly router: Router;
  /** This process, among others of its kind. */
  readonly instanceId: string;
  readonly userAgent: string;
}

/** One answer that is to be gone. */
export interface Deletion {
  readonly id: string;
  readonly place: AnsweredBy;
  readonly upstream: UpstreamSide;
  /** Of the client's request. */
  readonly headers: ClientRequest["headers"];
  readonly shutdown: Shutdown;
}

/**
 * Asks the account that gave the answer to delete it, also for a client that has left meanwhile.
 * @returns whether it is gone there; `false`: that account is no longer configured, so nobody can ask.
 * @throws GatewayError `upstream` when the provider did not do it; the shutdown's when the time of all requests is up.
 */
export async function deleteAtProvider(context: DeletionContext, { id, place, upstream, headers, shutdown }: Deletion): Promise<boolean> {
  if (shutdown.reason) throw shutdown.reason;
  const provider = context.router.provider(place.provider);
  const credential = provider?.credentials.find(({ account }) => account === place.account);
  const path = upstream.answerPath?.(id);
  if (!provider || !credential || path === undefined) return false;
  const own = ["accept", "application/json", "accept-encoding", "identity", "user-agent", context.userAgent];
  const request: UpstreamRequest = {
    origin: provider.origin,
    method: "DELETE",
    path: provider.basePath + path,
    headers: [...own, HOP_HEADER, hopsAfter(headers, context.instanceId), ...provider.authorize(credential)],
    connectTimeoutMs: provider.timeouts.connectMs,
  };
  try {
    const { status, refusal } = await answerTo(request, context.transport, provider.timeouts.headersMs, shutdown);
    if ((status < 200 || status >= 300) && status !== 404) throw refusal.error(upstream, false);
    return true;
  } catch (thrown) {
    if (shutdown.reason) throw shutdown.reason;
    const cause = toGatewayError(thrown);
    throw new GatewayError("upstream", `The provider that keeps this response did not delete it (${cause.message}); try again.`, { cause });
  }
}

interface ProviderAnswer {
  readonly status: number;
  /** What it means, if it is one. */
  readonly refusal: Refusal;
}

/** @throws GatewayError when there is no answer in time. */
function answerTo(request: UpstreamRequest, transport: Transport, timeoutMs: number, shutdown: Shutdown): Promise<ProviderAnswer> {
  return new Promise((resolve, reject) => {
    let answer: ProviderAnswer | undefined;
    const settle = (error?: GatewayError): void => {
      clearTimeout(timer);
      forgetShutdown();
      if (error || !answer) reject(error ?? new GatewayError("transport", "it gave no answer"));
      else resolve(answer);
    };
    const giveUp = (error: GatewayError): void => {
      call.abort();
      settle(error);
    };
    const timer = setTimeout(() => giveUp(new GatewayError("timeout", "it did not answer in time")), timeoutMs);
    const forgetShutdown = shutdown.onBegin(giveUp);
    const call = transport.send(request, {
      onHead: (status, headers) => (answer = { status, refusal: new Refusal(status, headers) }),
      onData: (chunk) => answer?.refusal.push(chunk),
      onEnd: () => settle(),
      onError: settle,
    });
  });
}
