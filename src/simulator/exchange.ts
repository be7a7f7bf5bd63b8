/** From a request and its behaviour to the steps on the wire. */
import type { Answer, Call, Dialect, Settings } from "./dialect.ts";
import { errorOf, faultSteps, isErrorFault, soundSteps } from "./faults.ts";
import { replayOf } from "./replay.ts";
import { wholeReply, type Reply } from "./reply.ts";
import type { Step } from "./steps.ts";
import type { Behaviour } from "./types.ts";
import { VendorError } from "./vendor-error.ts";

/** What is to happen on the wire. `chunkDelayMs` holds where neither the behaviour nor the model's name says otherwise. */
export function stepsFor(call: Call, dialect: Dialect, settings: Settings, behaviour: Behaviour, chunkDelayMs: number): readonly Step[] {
  const steps = answerSteps(call, dialect, settings, behaviour, chunkDelayMs);
  return behaviour.delayMs === undefined ? steps : [{ do: "pause", ms: behaviour.delayMs }, ...steps];
}

function answerSteps(call: Call, dialect: Dialect, settings: Settings, behaviour: Behaviour, chunkDelayMs: number): readonly Step[] {
  const { fault } = behaviour;
  if (fault !== undefined && isErrorFault(fault)) {
    return soundSteps(withHeaders(dialect.failureReply(errorOf(fault, dialect, behaviour.retryInfo), call), behaviour), 0);
  }
  const answer = answerOf(call, dialect, settings, behaviour);
  const reply = withHeaders(answer.stream === undefined ? answer.whole() : answer.stream(), behaviour);
  const delay = behaviour.chunkDelayMs ?? reply.chunkDelayMs ?? chunkDelayMs;
  if (fault !== undefined) {
    // Some faults put another answer in the place of the sound one.
    const added = addedHeaders(behaviour);
    return faultSteps(fault, { answer, reply, dialect, call, behaviour, chunkDelayMs: delay }).map((step) =>
      step.do === "head" ? { ...step, headers: { ...step.headers, ...added } } : step,
    );
  }
  const steps = soundSteps(reply, delay);
  return behaviour.cuts === undefined ? steps : steps.flatMap((step): Step[] => (step.do === "write" ? [step, { do: "flush" }] : [step]));
}

function answerOf(call: Call, dialect: Dialect, settings: Settings, behaviour: Behaviour): Answer {
  const { recording, status, body, cuts } = behaviour;
  if (recording !== undefined) return only(replayOf(recording, cuts));
  if (status !== undefined && behaviour.fault === undefined) return only(wholeReply(status, { "content-type": "application/json" }, body));
  try {
    return dialect.answer(call, settings, behaviour);
  } catch (error) {
    if (error instanceof VendorError) return only(dialect.failureReply(error, call));
    throw error;
  }
}

/** The same in every form; a stream where it is one. */
function only(reply: Reply): Answer {
  return { whole: () => reply, stream: undefined };
}

function withHeaders(reply: Reply, behaviour: Behaviour): Reply {
  return { ...reply, headers: { ...reply.headers, ...addedHeaders(behaviour) } };
}

function addedHeaders({ retryAfter, retryAfterMs, headers }: Behaviour): Readonly<Record<string, string>> {
  return {
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    ...(retryAfterMs !== undefined && { "retry-after-ms": String(retryAfterMs) }),
    ...headers,
  };
}
