import { expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { provider } from "../../test/support/providers.ts";
import { GatewayError, type ErrorKind } from "../chat/error.ts";
import type { Lease } from "../routing/lease.ts";
import type { Step, Target } from "../routing/target.ts";
import { Course } from "./course.ts";

const target = (name: string): Target => ({ provider: provider(name), model: "m", protocol: "gemini", protocols: ["gemini"] });
const step = (name: string, ...on: ErrorKind[]): Step => ({
  id: name,
  targets: [target(name)],
  strategy: "round-robin",
  ...(on.length > 0 && { on: new Set(on) }),
});
const budget = { attempts: 4, totalMs: 1_000 };
const failure = (kind: ErrorKind): GatewayError => new GatewayError(kind, kind);

/** The steps that are tried, and what led away from the first by then, when each fails as told. */
function tried(steps: readonly Step[], kinds: readonly ErrorKind[], refused = false): string[] {
  const course = new Course(budget, new ManualClock());
  const left = [...kinds];
  const seen: string[] = [];
  for (const stage of course.stages(steps)) {
    seen.push(`${stage.step.id} ${course.fallback ?? "-"}`);
    const error = failure(left.shift() ?? "upstream");
    if (refused) stage.unserved(error);
    else course.last = error;
  }
  return seen;
}

test("a failure leads to the next step, the request's own fault only where a step says so", () => {
  const steps = [step("a"), step("b"), step("c", "context-too-long")];
  expect(tried(steps, ["upstream", "upstream"])).toEqual(["a -", "b upstream"]);
  expect(tried(steps, ["context-too-long"])).toEqual(["a -", "c context-too-long"]);
  expect(tried(steps, ["invalid-request"])).toEqual(["a -"]);
});

test("a step whose provider is down is tried again when nothing else served, and then is no fallback", () => {
  expect(tried([step("a"), step("b")], ["overloaded", "overloaded", "overloaded"], true)).toEqual(["a -", "b overloaded", "a -"]);
  expect(tried([step("a"), step("b")], ["rate-limited", "rate-limited"], true)).toEqual(["a -", "b rate-limited"]);
});

test("a provider that is down gets its last try whatever another step's failure was", () => {
  const course = new Course(budget, new ManualClock());
  const seen: string[] = [];
  for (const stage of course.stages([step("limited"), step("down"), step("c")])) {
    seen.push(stage.step.id);
    if (stage.step.id === "down") stage.unserved(failure("overloaded"));
    else course.last = failure("rate-limited");
  }
  expect(seen).toEqual(["limited", "down", "c", "down"]);
});

test("a fallback is named by what led away from the first step, however many follow", () => {
  expect(tried([step("a"), step("b"), step("c")], ["rate-limited", "timeout"])).toEqual(["a -", "b rate-limited", "c rate-limited"]);
});

test("within a step nobody is asked twice, and a target that cannot take the request is left out", () => {
  const course = new Course(budget, new ManualClock());
  const [a, b] = [target("a"), target("b")];
  for (const stage of course.stages([{ id: "pool", targets: [a, b], strategy: "round-robin" }])) {
    const lease = { id: "a1", target: a } as Lease;
    expect(stage.failed(lease, "next-credential")).toBe(true);
    expect([...stage.request({}).exclude]).toEqual(["a1"]);
    expect(stage.failed(lease, "next-target")).toBe(true);
    expect(stage.targets).toEqual([b]);
    expect([...(stage.request({}).without ?? [])]).toEqual([a]);
    expect(stage.failed(lease, "give-up")).toBe(false);
    expect(stage.open).toBe(true);
    expect(stage.failed({ id: "b1", target: b } as Lease, "next-target")).toBe(true);
    expect(stage.open).toBe(false);
  }
});

test.each<[string, (course: Course, clock: ManualClock) => void]>([
  ["attempts", (course) => Array.from({ length: 4 }, () => course.attempted())],
  ["time", (_course, clock) => clock.advance(1_000)],
  ["money", (course) => course.charge(2)],
])("nothing is tried once the budget is spent: %s", (_what, spend) => {
  const clock = new ManualClock();
  const course = new Course({ ...budget, usd: 2 }, clock);
  const seen: boolean[] = [];
  for (const stage of course.stages([step("a"), step("b")])) {
    seen.push(stage.open);
    spend(course, clock);
    seen.push(stage.open);
  }
  expect(seen).toEqual([true, false]);
});
