/** Asks a provider which models it has. Bounded in every direction: the list is for messages and choices, and no request waits for it. */
import { GatewayError } from "../chat/error.ts";
import { tryParseJson } from "../chat/json.ts";
import type { ModelPage } from "../protocols/model-list.ts";
import type { UpstreamSide } from "../protocols/protocol.ts";
import type { Credential, Provider } from "../providers/provider.ts";
import { headerValue } from "../wire/headers.ts";
import type { Transport, UpstreamRequest } from "../wire/transport.ts";
import { Refusal } from "./refusal.ts";
import { WholeBody } from "./whole-body.ts";

/** What is read of one provider's list at most; more is left out. */
const MAX_PAGES = 20;
const MAX_MODELS = 10_000;
/** A page with more bytes than this is refused. */
const MAX_PAGE_BYTES = 8_388_608;

/** What asking needs from the program. */
export interface ModelListContext {
  readonly transport: Transport;
  readonly userAgent: string;
}

/** Who is asked, and how. */
export interface ModelListQuestion {
  readonly provider: Provider;
  /** Of a protocol that the provider speaks. */
  readonly upstream: UpstreamSide;
  readonly credential: Credential;
}

/**
 * The names of a provider's models, in its order, each once. All pages together have the time that the provider's answers
 * have to begin.
 * @param signal gives up.
 * @throws GatewayError what the provider's refusal means; `timeout`; `cancelled` by the signal; the transport's; `upstream` when
 *   there is no list in the answer.
 */
export async function fetchModels(
  context: ModelListContext,
  question: ModelListQuestion,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { connectMs, headersMs } = question.provider.timeouts;
  const stopper = new AbortController();
  const timer = setTimeout(() => {
    stopper.abort(new GatewayError("timeout", "The provider did not list its models in time."));
  }, connectMs + headersMs);
  const giveUp = (): void => stopper.abort(new GatewayError("cancelled", "The list of models is no longer wanted."));
  signal?.addEventListener("abort", giveUp);
  if (signal?.aborted) giveUp();
  const fetchPage = async (after: string | undefined): Promise<ModelPage> => {
    const body = await answerTo(pageRequest(context, question, after), context.transport, question.upstream, stopper.signal);
    return question.upstream.modelList.decode(tryParseJson(body.toString("utf8")) ?? null);
  };
  try {
    return await allPages(fetchPage);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

async function allPages(fetchPage: (after: string | undefined) => Promise<ModelPage>): Promise<readonly string[]> {
  const models = new Set<string>();
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES && models.size < MAX_MODELS; pages += 1) {
    const { models: names, after: next } = await fetchPage(after);
    for (const name of names) models.add(name);
    // A provider that does not know where the next page begins would tell this one for ever.
    if (next === undefined || next === after) break;
    after = next;
  }
  return [...models].slice(0, MAX_MODELS);
}

function pageRequest(
  { userAgent }: ModelListContext,
  { provider, upstream: { modelList }, credential }: ModelListQuestion,
  after: string | undefined,
): UpstreamRequest {
  const own = ["accept", "application/json", "accept-encoding", "identity", "user-agent", userAgent];
  return {
    origin: provider.origin,
    method: "GET",
    path: provider.basePath + modelList.path(after),
    headers: [...own, ...modelList.headers, ...provider.authorize(credential)],
    connectTimeoutMs: provider.timeouts.connectMs,
  };
}

/** The whole body of an answer. @param stop its reason is a GatewayError. */
function answerTo(request: UpstreamRequest, transport: Transport, upstream: UpstreamSide, stop: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    stop.throwIfAborted();
    const body = new WholeBody(MAX_PAGE_BYTES);
    let refusal: Refusal | undefined;
    const fail = (error: GatewayError): void => {
      stop.removeEventListener("abort", giveUp);
      reject(error);
      call.abort();
    };
    const giveUp = (): void => fail(stop.reason as GatewayError);
    stop.addEventListener("abort", giveUp);
    const call = transport.send(request, {
      onHead(status, headers) {
        if (status < 200 || status >= 300) refusal = new Refusal(status, headers);
        else if ((headerValue(headers, "content-encoding") ?? "identity") !== "identity") {
          fail(new GatewayError("upstream", "The upstream compressed its list of models though it was asked not to."));
        }
      },
      onData(chunk) {
        if (refusal) return refusal.push(chunk);
        const tooLarge = body.push(chunk);
        if (tooLarge) fail(tooLarge);
      },
      onEnd() {
        stop.removeEventListener("abort", giveUp);
        if (refusal) reject(refusal.error(upstream, false));
        else resolve(body.bytes);
      },
      onError: fail,
    });
  });
}
