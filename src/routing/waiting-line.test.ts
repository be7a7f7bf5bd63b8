import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { GatewayError } from "../chat/error.ts";
import { WaitingLine } from "./waiting-line.ts";

const limits = { maxWaiting: 3, maxWaitMs: 1_000 };
let clock: ManualClock;
let line: WaitingLine<string, { served: string }>;

beforeEach(() => {
  clock = new ManualClock();
  line = new WaitingLine(clock, limits, (name) => name.split("@")[1] ?? "");
});

test("serves in order of arrival, passing over those who cannot use what is free", async () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => line.join(name, undefined, undefined));
  line.serve((name) => (name === "a" ? undefined : { served: name }));
  expect(await Promise.all([b, c])).toEqual([{ served: "b" }, { served: "c" }]);
  expect(line.size).toBe(1);
  line.serve((name) => ({ served: name }));
  expect(await a).toEqual({ served: "a" });
});

test("is full at its bound", async () => {
  const waiting = ["a", "b", "c"].map((name) => line.join(name, undefined, undefined));
  await expect(line.join("d", undefined, undefined)).rejects.toMatchObject({ kind: "unavailable" });
  line.serve((name) => ({ served: name }));
  await Promise.all(waiting);
});

test("is full at one place only, and keeps one order over all of them", async () => {
  const waiting = ["a@p", "b@p", "c@p", "d@q"].map((name) => line.join(name, undefined, undefined));
  await expect(line.join("e@p", undefined, undefined)).rejects.toMatchObject({ kind: "unavailable" });
  expect([...line.counts()]).toEqual([
    ["p", 3],
    ["q", 1],
  ]);
  const offered: string[] = [];
  line.serve((name) => {
    offered.push(name);
    return { served: name };
  });
  await Promise.all(waiting);
  expect(offered).toEqual(["a@p", "b@p", "c@p", "d@q"]);
});

test("nobody waits longer than allowed, by the line or by the request", async () => {
  const patient = line.join("patient", 5_000, undefined);
  const hasty = line.join("hasty", 99.7, undefined);
  clock.advance(100);
  await expect(hasty).rejects.toMatchObject({ kind: "unavailable", message: "Every credential stayed busy for 0.1 s." });
  expect(line.size).toBe(1);
  clock.advance(900);
  await expect(patient).rejects.toMatchObject({ kind: "unavailable", message: "Every credential stayed busy for 1 s." });
  expect(line.size).toBe(0);
});

test("a client that leaves is gone from the line at once, with its timer", async () => {
  const client = new AbortController();
  const left = line.join("left", undefined, client.signal);
  const stays = line.join("stays", undefined, new AbortController().signal);
  client.abort();
  await expect(left).rejects.toMatchObject({ kind: "cancelled" });
  const offered: string[] = [];
  line.serve((name) => {
    offered.push(name);
    return { served: name };
  });
  await stays;
  expect(offered).toEqual(["stays"]);
  expect(clock.pending).toBe(0);
});

test("leaving after being served changes nothing", async () => {
  const client = new AbortController();
  const served = line.join("a", undefined, client.signal);
  line.serve((name) => ({ served: name }));
  client.abort();
  clock.advance(2_000);
  expect(await served).toEqual({ served: "a" });
});

test("a wait can end in a refusal", async () => {
  const refused = line.join("a", undefined, undefined);
  line.serve(() => new GatewayError("rate-limited", "nobody is left"));
  await expect(refused).rejects.toMatchObject({ kind: "rate-limited" });
  expect(line.size).toBe(0);
});
