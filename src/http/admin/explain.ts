/** Plays the choice of a credential through as it would be made now, without a request. */
import { allowsModel } from "../../access/keys.ts";
import { GatewayError } from "../../chat/error.ts";
import type { LossMode } from "../../chat/loss.ts";
import { causesOf } from "../../config/causes.ts";
import { Course } from "../../pipeline/course.ts";
import { finalError } from "../../pipeline/told.ts";
import type { AffinityMet } from "../../routing/lease.ts";
import type { Look } from "../../routing/pool.ts";
import { preferLane } from "../../routing/router.ts";
import { othersFollow } from "../../routing/steps.ts";
import { targetName, type Step, type Target } from "../../routing/target.ts";
import type { PassedOver } from "../../storage/request-log.ts";
import { sendJson } from "./answer.ts";
import type { AdminContext, Asked, Serving } from "./context.ts";
import { notFoundUnnamed, readQuery, unknownName } from "./query.ts";

/** The answer to `GET /admin/explain`. */
export interface Explanation {
  readonly model: string;
  /** Whom it is explained for; absent: a caller that may use every model. */
  readonly key?: string;
  /** What its client speaks; absent: nobody knows the lane. */
  readonly protocol?: string;
  readonly session?: string;
  readonly loss: LossMode;
  readonly outcome: ExpectedOutcome;
  readonly steps: readonly ExplainedStep[];
}

/**
 * What would happen.
 * - `served` by this credential
 * - `waits` for a credential of this step to become free
 * - `refused` with this error
 */
export type ExpectedOutcome =
  | ({ readonly type: "served"; readonly step: number; readonly credential: string } & ExplainedTarget)
  | { readonly type: "waits"; readonly step: number }
  | { readonly type: "refused"; readonly kind: string; readonly message: string; readonly retryAfterMs?: number };

/** A target, and how it would be spoken to. */
export interface ExplainedTarget {
  /** `provider/model`. */
  readonly target: string;
  readonly protocol: string;
  readonly lane?: "relay" | "translate";
}

/** One step, whether the request would come to it or not. */
export interface ExplainedStep {
  readonly targets: readonly ExplainedTarget[];
  readonly strategy: string;
  /** The failures of the steps before that lead here, in the config's words; absent: all but those that are the request's own fault. */
  readonly on?: readonly string[];
  /** Whether it would be asked for a credential now. */
  readonly reached: boolean;
  /** Who would get it, if it came here. */
  readonly chosen?: { readonly target: string; readonly credential: string };
  readonly affinity?: AffinityMet;
  readonly passedOver: readonly PassedOver[];
}

/** `GET /admin/explain?model=&key=&session=&protocol=`. */
export function answerExplain(context: AdminContext, { query, response }: Asked): void {
  const { model, key, session, protocol } = readQuery(query, ["model", "key", "session", "protocol"]);
  if (model === undefined) {
    throw new GatewayError("invalid-request", "`model` is missing: the name that a client would ask for.", { field: "model" });
  }
  const ids = context.clients.map(({ id }) => id);
  const spoken = ids.find((id) => id === protocol);
  if (protocol !== undefined && spoken === undefined) throw unknownName("protocol", protocol, ids);
  const serving = context.current();
  const caller = key === undefined ? undefined : findKey(serving, key);
  const resolution = serving.router.resolve(model);
  const steps = spoken === undefined ? resolution.steps : preferLane(resolution, spoken);
  const lane = (target: Target): ExplainedTarget => ({
    target: targetName(target),
    protocol: target.protocol,
    ...(spoken !== undefined && { lane: target.protocol === spoken ? ("relay" as const) : ("translate" as const) }),
  });
  // As `pipeline/handle.ts` names conversations.
  const conversation = session === undefined ? undefined : `${key ?? ""}\n${session}`;
  const refusal = caller && !allowsModel(caller, model) ? forbidden(caller.name, model, caller.models ?? []) : undefined;
  const question = { model, lane, ...(conversation !== undefined && { session: conversation }) };
  const explanation: Explanation = {
    model,
    ...(key !== undefined && { key }),
    ...(protocol !== undefined && { protocol }),
    ...(session !== undefined && { session }),
    loss: caller?.loss ?? resolution.loss ?? "default",
    ...follow(context, steps, question, refusal),
  };
  sendJson(response, explanation);
}

function findKey({ config }: Serving, name: string): Serving["config"]["keys"][number] {
  const found = config.keys.find((key) => key.name === name);
  if (found) return found;
  if (config.keys.length === 0) {
    throw new GatewayError("not-found", "No keys are configured: programs on this machine are served without one.", { field: "key" });
  }
  const names = config.keys.map((key) => key.name);
  throw notFoundUnnamed("key", name, names);
}

function forbidden(key: string, model: string, models: readonly string[]): ExpectedOutcome {
  const message = `The key ${key} may not use the model ${model}. It may use: ${models.join(", ")}.`;
  return { type: "refused", kind: "permission", message };
}

/** What is explained, and how its targets are told. */
interface Question {
  readonly model: string;
  readonly session?: string;
  readonly lane: (target: Target) => ExplainedTarget;
}

/**
 * The course of a request up to its first credential.
 * @param settled what happens before it comes to the first step.
 */
function follow(
  context: AdminContext,
  steps: readonly Step[],
  question: Question,
  settled: ExpectedOutcome | undefined,
): Pick<Explanation, "outcome" | "steps"> {
  const { pool } = context;
  const ties = question.session === undefined ? {} : { session: question.session };
  const course = new Course(context.current().config.retry, context.clock);
  const reached = new Set<Step>();
  let outcome = settled;
  for (const stage of settled ? [] : course.stages(steps)) {
    reached.add(stage.step);
    const seen = pool.look(stage.request(ties));
    outcome = outcomeOf(seen, steps.indexOf(stage.step), question);
    if (outcome) break;
    if (seen.refusal) stage.unserved(seen.refusal);
  }
  const explained = steps.map((step, index) => {
    const seen = pool.look({ step, exclude: new Set(), othersFollow: othersFollow(steps, index), ...ties });
    return explainStep(step, seen, reached.has(step), question);
  });
  return { outcome: outcome ?? refused(course.last, question.model), steps: explained };
}

function outcomeOf({ chosen, refusal }: Look, index: number, { lane }: Question): ExpectedOutcome | undefined {
  if (chosen) return { type: "served", step: index + 1, credential: chosen.credential, ...lane(chosen.target) };
  return refusal ? undefined : { type: "waits", step: index + 1 };
}

function refused(refusal: GatewayError | undefined, model: string): ExpectedOutcome {
  const error = finalError(refusal ?? new GatewayError("unavailable", "No step can be tried."), model);
  const { retryAfterMs } = error.detail;
  return { type: "refused", kind: error.kind, message: error.message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function explainStep(
  { targets, strategy, on }: Step,
  { chosen, affinity, passedOver }: Look,
  reached: boolean,
  { lane }: Question,
): ExplainedStep {
  return {
    targets: targets.map(lane),
    strategy,
    ...(on && { on: causesOf(on) }),
    reached,
    ...(chosen && { chosen: { target: targetName(chosen.target), credential: chosen.credential } }),
    ...(affinity && { affinity }),
    passedOver: passedOver.map(({ target, ...passed }) => ({ target: targetName(target), ...passed })),
  };
}
