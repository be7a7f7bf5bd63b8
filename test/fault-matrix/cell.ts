/** Plays one cell of the matrix, and holds what came of it against the tables. */
import { expect } from "vitest";
import type { ProtocolName } from "../../src/conformance/clients/client.ts";
import type { RequestRecord } from "../../src/storage/request-log.ts";
import type { Behaviour, RecordedRequest } from "../../src/simulator/types.ts";
import { readErrorAnswer, readStream } from "./answers.ts";
import { exchange, type Seen } from "./exchange.ts";
import { FAULTY, nameOf, SOUND, type Direct, type Group, type Scenario } from "./group.ts";
import { HINT, type Ending, type Place, type Row } from "./rows.ts";
import { BREAK_NAMES, CONSEQUENCES, sdkClass, WORDINGS } from "./tables.ts";

/** A place, for a client. */
export interface At extends Place {
  readonly client: ProtocolName;
}

/** A row at such a place. */
export interface Cell extends At {
  readonly row: Row;
  readonly scenarios: readonly Scenario[];
}

type Failure = Extract<Ending, { type: "fails" }>;

/** What a scenario is about, by the end of its name. */
type Plot = "only" | "credential" | "target" | "all";

/** The scenarios of a row at a place, names unique by `stem`. */
export function scenariosOf(row: Row, place: Place, stem: string): Scenario[] {
  const faulty: Behaviour = { ...FAULTY, ...row.behaviour(place.upstream) };
  const timeouts = row.timeouts?.(place) ?? "";
  const scenario = (plot: Plot, credentials: readonly Behaviour[], spare = false): Scenario => ({
    name: `${stem}-${plot}`,
    credentials,
    timeouts,
    spare,
  });
  const ending = row.ending(place);
  // A sound credential stands behind, so that whoever asks it although nothing is to be tried again is found out.
  if (ending.type !== "fails" || CONSEQUENCES[ending.cause].next === "nobody") return [scenario("only", [faulty, SOUND], true)];
  return [
    // What hangs has a provider with little patience, which a sound credential of it would need too.
    ...(ending.cause === "timeout" && timeouts !== "" ? [] : [scenario("credential", [faulty, SOUND])]),
    scenario("target", [faulty, faulty], true),
    scenario("all", [faulty, faulty]),
  ];
}

/** One request of a scenario, and all that is known of it. */
interface Played {
  readonly group: Group;
  readonly at: At;
  readonly scenario: Scenario;
  readonly seen: Seen;
  readonly calls: readonly RecordedRequest[];
  readonly record: RequestRecord;
}

/** Plays every scenario of a cell. */
export async function play(group: Group, cell: Cell): Promise<void> {
  const ending = cell.row.ending(cell);
  for (const scenario of cell.scenarios) {
    const played = await ask(group, cell, scenario);
    const plot = scenario.name.split("-").at(-1) as Plot;
    if (ending.type === "breaks") await expectBroken(played, ending.cause);
    else if (ending.type === "served") await expectServed(played, [], "a");
    else await expectFailure(played, ending, plot);
  }
}

async function expectFailure(played: Played, ending: Failure, plot: Plot): Promise<void> {
  const { tries = 1 } = ending;
  const cause = ending.cause === "quota" ? "billing" : ending.cause;
  const charged = played.record.attempts.filter((attempt) => attempt.credential !== undefined && attempt.cause === cause);
  if (ending.counted) for (const { usage } of charged) expect(usage?.input).toBe(FAULTY.usage?.input);
  const failed = (credential: string): [string, string][] => Array.from({ length: tries }, () => [credential, cause]);
  if (plot === "credential") await expectServed(played, failed("a"), "b");
  else if (plot === "target") await expectServed(played, [...failed("a"), ...failed("b")], "spare");
  else await expectTold(played, plot === "only" ? failed("a") : [...failed("a"), ...failed("b")], ending);
}

/** Asks a scenario's model once, and waits until nothing of it is under way. */
export async function ask(group: Group, at: At, scenario: Scenario, words = scenario.name): Promise<Played> {
  const prompt = `[${words}]`;
  const seen = await exchange(at.client, group.endpoint(scenario), at.stream, prompt);
  const calls = await group.settled(scenario, prompt);
  const record = await group.recordOf(seen.headers.get("x-dragoman-request-id") ?? "");
  expect(seen.complete).toBe(true);
  return { group, at, scenario, seen, calls, record };
}

/** A good answer, after these failures, by this credential. */
export async function expectServed(played: Played, failures: readonly [string, string][], by: string): Promise<void> {
  const { seen, at, record } = played;
  expectCalls(played, [...failures, [by, "answered"]]);
  expect(record).toMatchObject({ outcome: "answered" });
  const behaviour = by === "a" ? faultOf(played) : SOUND;
  const { text = "", usage, size } = behaviour;
  const said = size === undefined ? text : "x".repeat(size);
  const tokens = { input: usage?.input, output: usage?.output };
  expect(record.attempts.at(-1)?.usage).toMatchObject(tokens);
  expect(seen.status).toBe(200);
  expect(seen.headers.get("content-type")).toMatch(at.stream ? /^text\/event-stream/ : /^application\/json/);
  expect(seen.outcome).toMatchObject({ grammar: [], finish: "stop", tokens });
  expect(seen.outcome.error).toBeUndefined();
  // Not `toEqual`: what differs in five megabytes is of no use to anybody.
  expect(seen.outcome.content.map((piece) => (piece.type === "text" ? piece.text === said : piece))).toEqual([true]);
  if (at.stream) {
    const read = readStream(at.client, seen.body);
    expect(read.faults).toEqual([]);
    expect(read.error).toBeUndefined();
    expect(read.text === said).toBe(true);
  }
  if (at.lane === "relay") {
    const { fault: _, status: _status, ...sound } = behaviour;
    const { body } = await replayed(played, size === undefined ? sound : behaviour);
    expect(seen.body.equals(body)).toBe(true);
  }
}

/** A stream that ends with the protocol's own error, after some content, and is tried nowhere else. */
async function expectBroken(played: Played, cause: "overloaded" | "timeout" | "transport"): Promise<void> {
  const { seen, at, record } = played;
  expectCalls(played, [["a", cause]]);
  expect(record).toMatchObject({ outcome: "failed", error: { kind: cause } });
  expect(seen.status).toBe(200);
  const { faults, text, error } = readStream(at.client, seen.body);
  expect(faults).toEqual([]);
  expect(text).not.toBe("");
  expect(FAULTY.text?.startsWith(text)).toBe(true);
  expect(text).not.toBe(FAULTY.text);
  if (at.lane === "translate" || cause !== "overloaded") expect(error?.name).toBe(BREAK_NAMES[at.client][cause]);
  // What was relayed is what the upstream said, to the last byte before the error.
  if (at.lane === "relay") {
    const { body } = await replayed(played, FAULTY);
    const start = seen.body.subarray(0, seen.body.lastIndexOf(FAULTY.text?.slice(0, 4) ?? ""));
    expect(body.subarray(0, start.length).equals(start)).toBe(true);
  }
  // These tell what the prompt cost at once, the others at the end.
  if (at.upstream === "anthropic" || at.upstream === "gemini") expect(record.usage).toMatchObject({ input: FAULTY.usage?.input });
  expectSdkFailure(played);
}

/** An error answer, after these failures. */
async function expectTold(played: Played, failures: readonly [string, string][], ending: Failure): Promise<void> {
  const { seen, at, record } = played;
  const { cause, status, hint, answered } = ending;
  const { told, relayed, waits } = CONSEQUENCES[cause];
  expectCalls(played, failures);
  expect(record).toMatchObject({ outcome: "failed" });
  expect(seen.headers.get("content-type")).toMatch(/^application\/json/);
  const wait = seen.headers.get("retry-after");
  if (at.lane === "relay" && answered && (relayed || hint !== undefined)) {
    const direct = await replayed(played, faultOf(played));
    expect(seen.status).toBe(direct.status);
    expect(wait).toBe(direct.retryAfter);
    expect(seen.body.toString()).toBe(direct.body.toString());
  } else {
    const wording = WORDINGS[at.client][told];
    expect(seen.status).toBe(status ?? wording.status);
    const { faults, error } = readErrorAnswer(at.client, seen.status, seen.body);
    expect(faults).toEqual([]);
    expect(error.name).toBe(wording.name);
    if (hint !== undefined || waits) expect(wait).toMatch(/^\d+$/);
    if (at.client === "gemini" && wait !== null) expect(error.wait).toBe(Number(wait));
    if (hint !== undefined) {
      // The pool's own recovery is told where it is nearer, and jitter makes it later.
      expect(Number(wait)).toBeGreaterThan(HINT / 2);
      expect(Number(wait)).toBeLessThanOrEqual(HINT + 1);
    } else if (waits) expect(Number(wait)).toBeGreaterThanOrEqual(1);
    else expect(wait).toBeNull();
    const final = told === "bad-credential" || told === "quota" || told === "model-not-found" || told === "invalid-request";
    if (at.client !== "gemini" && final) expect(seen.headers.get("x-should-retry")).toBe("false");
  }
  expect(seen.outcome.error?.class).toBe(sdkClass(at.client, seen.status));
  expect(seen.outcome.error?.status).toBe(seen.status);
}

/** The SDK knows that the answer is not whole: it raises its own error, or hands over what says that it did not end. */
function expectSdkFailure({ seen: { outcome }, at: { client } }: Played): void {
  if (client === "gemini" && outcome.error === undefined) expect(outcome.finish).toBe("other: none");
  else expect(SDK_STREAM_ERRORS[client]).toContain(outcome.error?.class);
}

const SDK_STREAM_ERRORS: Readonly<Record<ProtocolName, readonly string[]>> = {
  anthropic: ["APIError"],
  chat: ["APIError"],
  responses: ["APIError"],
  gemini: ["ApiError"],
};

/** Who was asked, in order, with what came of it: the same in the record and at the upstream. */
function expectCalls({ group, scenario, calls, record }: Played, attempts: readonly [string, string][]): void {
  const target = (by: string): string => (by === "spare" ? group.target() : group.target(scenario.name));
  expect(calls.map((call) => group.credentialOf(scenario, call))).toEqual(attempts.map(([by]) => by));
  expect(record.attempts.filter(({ credential }) => credential !== undefined)).toEqual(
    attempts.map(([by, cause]) => expect.objectContaining({ target: target(by), credential: by === "spare" ? nameOf(0) : by, cause })),
  );
  expect(record.usage?.input ?? 0).toBe(record.attempts.reduce((sum, { usage }) => sum + (usage?.input ?? 0), 0));
}

function faultOf({ scenario }: Played): Behaviour {
  return scenario.credentials[0] as Behaviour;
}

/** What the upstream answers to the last request that reached it. */
function replayed({ group, calls }: Played, behaviour: Behaviour): Promise<Direct> {
  return group.replay(calls.at(-1) as RecordedRequest, behaviour);
}
