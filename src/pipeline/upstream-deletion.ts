/** Deletes at its provider an answer that the provider keeps. */
import { GatewayError, toGatewayError } from "../chat/error.ts";
import type { ClientRequest, UpstreamSide } from "../protocols/protocol.ts";
import type { Credential, Provider } from "../providers/provider.ts";
import type { Router } from "../routing/router.ts";
import type { Transport } from "../wire/transport.ts";
import { HOP_HEADER, hopsAfter } from "./hops.ts";
import type { AnsweredBy } from "./request-state.ts";
import { Refusal } from "./refusal.ts";

/** What deleting needs from the program. */
export interface DeletionContext {
  readonly transport: Transport;
  readonly router: Router;
  /** This process, among others of its kind. */
  readonly instanceId: string;
  readonly userAgent: string;
}

/**
 * Asks the account that gave the answer to delete it.
 * @param headers of the client's request.
 * @returns whether it is gone there; `false`: that account is no longer configured, so nobody can ask.
 * @throws GatewayError `upstream` when the provider did not do it.
 */
export async function deleteAtProvider(
  context: DeletionContext,
  upstream: UpstreamSide,
  { provider: name, account }: AnsweredBy,
  id: string,
  headers: ClientRequest["headers"],
): Promise<boolean> {
  const provider = context.router.provider(name);
  const credential = provider?.credentials.find((one) => one.account === account);
  const path = upstream.answerPath?.(id);
  if (!provider || !credential || path === undefined) return false;
  try {
    await ask(context, upstream, provider, credential, path, hopsAfter(headers, context.instanceId));
    return true;
  } catch (thrown) {
    const cause = toGatewayError(thrown);
    throw new GatewayError("upstream", `The provider that keeps this response did not delete it (${cause.message}); try again.`, { cause });
  }
}

/** @throws GatewayError unless it is deleted, or was not there. */
function ask(
  { transport, userAgent }: DeletionContext,
  upstream: UpstreamSide,
  provider: Provider,
  credential: Credential,
  path: string,
  hops: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const own = ["accept", "application/json", "accept-encoding", "identity", "user-agent", userAgent, HOP_HEADER, hops];
    let status = 0;
    let answer: Refusal | undefined;
    const end = (error?: GatewayError): void => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    const call = transport.send(
      {
        origin: provider.origin,
        method: "DELETE",
        path: provider.basePath + path,
        headers: [...own, ...provider.authorize(credential)],
        connectTimeoutMs: provider.timeouts.connectMs,
      },
      {
        onHead(given, headers) {
          status = given;
          answer = new Refusal(given, headers);
        },
        onData: (chunk) => answer?.push(chunk),
        onEnd: () => end((status >= 200 && status < 300) || status === 404 ? undefined : answer?.error(upstream, false)),
        onError: end,
      },
    );
    const timer = setTimeout(() => {
      call.abort();
      end(new GatewayError("timeout", "it did not answer in time"));
    }, provider.timeouts.headersMs);
  });
}
