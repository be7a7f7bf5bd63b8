/** One request of a client whose key and route are known: route it, try it, tell the client, account for it. The file to read first. */
import { GatewayError, toGatewayError } from "../chat/error.ts";
import { writeJson } from "../chat/json.ts";
import type { LossMode } from "../chat/loss.ts";
import type { ClientRequest, ClientSide, RequestPeek, StreamStyle } from "../protocols/protocol.ts";
import { preferLane, type Router } from "../routing/router.ts";
import type { RecordStore } from "../storage/records.ts";
import { streamHeaders, type Answer } from "./answer.ts";
import { Failover, type CourseEnd, type FailoverContext } from "./failover.ts";
import { Preparation, type PrepareContext } from "./prepare.ts";
import type { KeptAnswers } from "./kept-answers.ts";
import { relayedAnswerHeaders } from "./relay-lane.ts";
import { account, type AccountContext } from "./request-account.ts";
import { RequestState } from "./request-state.ts";
import type { Shutdown } from "./shutdown.ts";

/** What handling needs from the program. */
export interface HandleContext extends FailoverContext, PrepareContext, AccountContext {
  readonly router: Router;
  readonly keptAnswers: KeptAnswers;
  /** Silence before a heartbeat, in ms. */
  readonly heartbeatMs: number;
  /** Whether conversations whose clients do not name them are told apart by how they begin. */
  readonly affinityByContent: boolean;
}

/** Names what in an answer is a guess of ours. */
const ESTIMATE_HEADER = "x-dragoman-estimate";

/** Who calls. */
export interface Caller {
  /** The virtual key's name; absent when none is asked for. */
  readonly name?: string;
  readonly loss?: LossMode;
  /** Whether the key may use a model. */
  mayUse(model: string): boolean;
}

/** One request, matched to a client protocol. */
export interface Call {
  readonly client: ClientSide;
  readonly request: ClientRequest;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  readonly caller: Caller;
  /** What the connection that it came on remembers, where that lasts for more than one request: searched first, and given every answer. */
  readonly memory?: RecordStore;
}

/** Serves a `generate` or `count-tokens` request. Never rejects. */
export async function handle(context: HandleContext, call: Call, answer: Answer, shutdown: Shutdown): Promise<void> {
  const began = context.clock.now();
  let failover: Failover | undefined;
  let peek: RequestPeek | undefined;
  let session: string | undefined;
  let end: CourseEnd;
  try {
    const { client, request, rawHeaders, caller } = call;
    peek = client.peek(request);
    const { model } = peek;
    if (!caller.mayUse(model)) throw new GatewayError("permission", `This key may not use the model ${model}.`, { field: "model" });
    const resolution = context.router.resolve(model);
    const steps = preferLane(resolution, client.id);
    const lossMode = caller.loss ?? resolution.loss ?? "default";
    const { requestId } = answer;
    const state = stateOf(context, call, peek, requestId);
    const sessionName = peek.session ?? state?.session;
    // No caller's name has a line break, so no two callers' sessions have one name.
    session = sessionName === undefined ? undefined : `${caller.name ?? ""}\n${sessionName}`;
    const asked = { client, request, rawHeaders, peek, lossMode, requestId, caller: caller.name ?? "", ...(state && { state }) };
    const recovers = resolution.recovery === true;
    const preparation = new Preparation(context, { ...asked, recovers, ...(session !== undefined && { session }) });
    if (context.affinityByContent) session ??= preparation.conversationByContent();
    failover = new Failover(context, answer, preparation, session, shutdown);
    answer.source = failover;
    const [first] = steps[0]?.targets ?? [];
    const count = first && preparation.localCount(first);
    if (count !== undefined) {
      tellCount(answer, client, count);
      return account(context, { call, answer, began, end: { type: "answered" }, peek });
    }
    if (peek.stream && request.route.operation === "generate") answer.expectStream(context.heartbeatMs);
    if (state?.warmUp && request.route.operation === "generate") {
      tellNothing(answer, peek.stream ? client.streamStyle(request.route) : undefined, preparation.emptyAnswer());
      end = { type: "answered" };
    } else end = await failover.run(resolution.ordered ? steps : preparation.homeFirst(steps));
  } catch (thrown) {
    end = { type: "failed", error: toGatewayError(thrown) };
  }
  if (end.type === "failed") tell(answer, end.error);
  account(context, {
    call,
    answer,
    began,
    end,
    ...(peek && { peek }),
    ...(session !== undefined && { session }),
    ...(failover && { failover }),
  });
}

/** What the request refers to, and what becomes of its answer, where its protocol's clients leave state with the server. */
function stateOf({ keptAnswers }: HandleContext, call: Call, peek: RequestPeek, requestId: string): RequestState | undefined {
  const { client, request, caller, memory } = call;
  const side = client.stateful;
  return side && new RequestState(keptAnswers, { side, request, peek, requestId, caller: caller.name ?? "", ...(memory && { memory }) });
}

/** An answer without content, to whoever asked for none. */
function tellNothing(answer: Answer, stream: StreamStyle | undefined, text: string): void {
  const headers = ["request-id", answer.requestId];
  if (!stream) return answer.whole({ status: 200, headers: ["content-type", "application/json", ...headers] }, text);
  answer.begin({ status: 200, headers: [...streamHeaders(stream), ...headers] }, text);
  answer.end();
}

/** A count that nobody was asked for, and that says so. */
function tellCount(answer: Answer, client: ClientSide, count: number): void {
  const headers = ["content-type", "application/json", "request-id", answer.requestId, ESTIMATE_HEADER, "tokens"];
  answer.whole({ status: 200, headers }, writeJson(client.encodeTokenCount(count)));
}

/** An upstream's error reaches a client of its own protocol untouched, because clients act on its very words (rule 335). */
function tell(answer: Answer, error: GatewayError): void {
  const { upstreamAnswer } = error.detail;
  if (upstreamAnswer === undefined || answer.started) return answer.fail(error);
  const { status, headers, body } = upstreamAnswer;
  answer.whole({ status, headers: relayedAnswerHeaders(headers) }, body);
}
