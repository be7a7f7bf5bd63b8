/**
 * The soak's upstream, a process of its own: the simulator, which does to each request what its marker asks for. Replies to each message from
 * its parent with an {@link UpstreamReport}; the first message that it sends is such a report too.
 */
import { startSimulator } from "../src/simulator/server.ts";
import type { RecordedRequest } from "../src/simulator/types.ts";
import { behaviours, type BehaviourName } from "./faults.ts";
import { readMarker } from "./marker.ts";

/** What the upstream sees of itself. */
export interface UpstreamReport {
  readonly port: number;
  readonly openRequests: number;
  readonly openConnections: number;
  /** How often each behaviour happened. */
  readonly behaved: Readonly<Record<string, number>>;
}

/** More attempts than can be under way at once: older ones are over. */
const mostRemembered = 20_000;
/** How often each request has been attempted, by its number. */
const attempts = new Map<number, number>();
const behaved: Record<string, number> = {};
/** The gateway is to let go of idle connections after seconds; the simulator by itself would have it keep them for minutes. */
const headers = { "keep-alive": "timeout=12" };
let decided: { readonly request: RecordedRequest; readonly behaviour: BehaviourName } | undefined;

/** What happens to this attempt. The script asks once for each behaviour there is. */
function behaviourOf(request: RecordedRequest): BehaviourName {
  if (decided?.request !== request) decided = { request, behaviour: decide(request) };
  return decided.behaviour;
}

function decide({ body }: RecordedRequest): BehaviourName {
  const marker = readMarker(body);
  if (marker === undefined) return "sound";
  const attempt = (attempts.get(marker.index) ?? 0) + 1;
  attempts.set(marker.index, attempt);
  if (attempts.size > mostRemembered) attempts.delete(attempts.keys().next().value ?? 0);
  // What is no fault belongs to the answer, whoever gives it.
  const isOver = attempt > marker.times && behaviours[marker.behaviour].effect !== "none";
  const behaviour = isOver ? "sound" : marker.behaviour;
  behaved[behaviour] = (behaved[behaviour] ?? 0) + 1;
  return behaviour;
}

const simulator = await startSimulator({ requireKey: true, issuer: "soak" });
for (const [name, { behaviour }] of Object.entries(behaviours)) {
  simulator.script({ ...behaviour, headers, times: Infinity, when: (request) => behaviourOf(request) === name });
}
const reply = () =>
  process.send?.({
    port: simulator.port,
    openRequests: simulator.openRequests,
    openConnections: simulator.openConnections,
    behaved,
  } satisfies UpstreamReport);
process.on("message", reply);
reply();
