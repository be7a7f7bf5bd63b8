import { expect, test } from "vitest";
import { chooseRequest, clientProtocols, providers, requestOfRun } from "./choice.ts";
import { behaviours, faults, isBehaviourName } from "./faults.ts";
import { readMarker, writeMarker } from "./marker.ts";
import { requestFor } from "./requests.ts";

const many = Array.from({ length: 20_000 }, (_, index) => chooseRequest(1, index));

test("a request is the same whenever it is chosen, and another with another seed", () => {
  expect(chooseRequest(7, 123)).toEqual(chooseRequest(7, 123));
  const repeated = Array.from({ length: 100 }, (_, index) => chooseRequest(2, index));
  expect(many.slice(0, 100).filter((choice, index) => JSON.stringify(choice) === JSON.stringify(repeated[index]))).toEqual([]);
});

test("in a run requests come again, but for the faults, each of which has a number of its own", () => {
  const run = Array.from({ length: 6_000 }, (_, number) => requestOfRun(1, number));
  const sound = run.filter(({ behaviour }) => behaviours[behaviour].effect === "none");
  expect(new Set(sound.map((choice) => JSON.stringify(choice))).size).toBeLessThan(sound.length / 3);
  const faulty = run.filter(({ behaviour }) => behaviours[behaviour].effect !== "none");
  expect(new Set(faulty.map(({ index }) => index)).size).toBe(faulty.length);
});

test("about fifteen in a hundred are faulty", () => {
  const faulty = many.filter(({ behaviour }) => behaviours[behaviour].effect !== "none");
  expect(faulty.length / many.length).toBeCloseTo(0.15, 1);
});

test("every fault, every manner and every pair of protocol and provider comes up", () => {
  const seen = new Set(many.flatMap(({ behaviour, manner, protocol, provider }) => [behaviour, manner, `${protocol} ${provider}`]));
  const pairs = clientProtocols.flatMap((protocol) => providers.map((provider) => `${protocol} ${provider}`));
  expect([...Object.keys(behaviours), "reads", "leaves", "slow", ...pairs].filter((name) => !seen.has(name))).toEqual([]);
});

test.each(Object.keys(behaviours).filter(isBehaviourName))("the upstream reads %s out of every protocol's body", (behaviour) => {
  for (const protocol of clientProtocols) {
    const choice = { ...chooseRequest(1, 42), protocol, behaviour, times: 2 };
    expect(readMarker(requestFor(choice, undefined).body)).toEqual({ index: 42, behaviour, times: 2 });
  }
});

test("of several turns' markers the last counts", () => {
  const earlier = writeMarker({ index: 1, behaviour: "500", times: 1 });
  const later = writeMarker({ index: 2, behaviour: "empty", times: 1 });
  expect(readMarker(Buffer.from(`${earlier} and ${later}`))?.index).toBe(2);
});

test("a marker that nobody knows asks for nothing", () => {
  expect(readMarker(Buffer.from("hello"))).toBeUndefined();
  expect(readMarker(Buffer.from("[soak 1 no-such-fault 1]"))).toBeUndefined();
});

test("late faults come after text in every shape", () => {
  const late = Object.values(faults).filter(({ effect }) => effect === "after");
  const fewest = Math.min(...many.map(({ shape }) => shape.events));
  // Responses begins with four events; every protocol has fewer than its words after them.
  for (const { behaviour } of late) expect("at" in behaviour && behaviour.at > 4 && behaviour.at < fewest).toBe(true);
});
