import { describe, expect, test } from "vitest";
import { provider } from "../../test/support/providers.ts";
import { GatewayError } from "../chat/error.ts";
import type { Provider } from "../providers/provider.ts";
import { targetName } from "./target.ts";
import { preferLane, Router, type Resolution, type Route } from "./router.ts";

const google = provider("google", { models: ["gemini-*", "shared"], protocolsFor: () => ["gemini"] });
const anthropic = provider("anthropic", { models: ["claude-*", "shared", "claude-exact"] });

function route(pattern: string, ...targets: [string, string][]): Route {
  return { pattern, steps: targets.map(([provider, model]) => ({ targets: [{ provider, model }] })) };
}

function names(resolution: Resolution): string[] {
  return resolution.steps.flatMap(({ targets }) => targets.map(targetName));
}

function errorOf(run: () => unknown): GatewayError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown;
    throw thrown;
  }
  throw new Error("Nothing was thrown.");
}

describe("resolving", () => {
  const router = new Router(
    [
      route("fast", ["google", "gemini-flash"], ["anthropic", "claude-small"]),
      route("claude-*", ["anthropic", "*"]),
      route("claude-opus-*", ["google", "gemini-pro"]),
      route("claude-opus-5", ["anthropic", "claude-opus-5-20260101"]),
      { ...route("careful", ["anthropic", "*"]), loss: "strict", recovery: true },
    ],
    [google, anthropic],
  );

  test("an alias leads to its targets in order, whatever patterns say", () => {
    expect(names(router.resolve("fast"))).toEqual(["google/gemini-flash", "anthropic/claude-small"]);
    expect(names(router.resolve("claude-opus-5"))).toEqual(["anthropic/claude-opus-5-20260101"]);
  });

  test("among patterns the longest literal prefix wins, not the first", () => {
    expect(names(router.resolve("claude-opus-4"))).toEqual(["google/gemini-pro"]);
    expect(names(router.resolve("claude-haiku"))).toEqual(["anthropic/claude-haiku"]);
  });

  test("a target of * keeps the name asked for, and the route's loss mode and recovery come along", () => {
    const resolution = router.resolve("careful");
    expect(names(resolution)).toEqual(["anthropic/careful"]);
    expect(resolution).toMatchObject({ loss: "strict", recovery: true });
    expect(router.resolve("fast").loss).toBeUndefined();
    expect(router.resolve("fast").recovery).toBeUndefined();
  });

  test("provider/model is addressable, with slashes in the model too", () => {
    expect(names(router.resolve("google/gemini-9"))).toEqual(["google/gemini-9"]);
    expect(names(router.resolve("google/models/tuned"))).toEqual(["google/models/tuned"]);
  });

  test("provider/model stays addressable beside a pattern that covers everything, but not beside one of that provider", () => {
    const everything = new Router([route("*", ["anthropic", "*"]), route("google/*", ["anthropic", "claude-small"])], [google, anthropic]);
    expect(names(everything.resolve("anthropic/claude-9"))).toEqual(["anthropic/claude-9"]);
    expect(names(everything.resolve("google/gemini-9"))).toEqual(["anthropic/claude-small"]);
    expect(names(everything.resolve("gpt-6"))).toEqual(["anthropic/gpt-6"]);
  });

  test("a bare name goes to every provider that declares it, in no stated order", () => {
    const resolution = router.resolve("shared");
    expect(names(resolution)).toEqual(["google/shared", "anthropic/shared"]);
    expect(resolution.ordered).toBe(false);
    expect(router.resolve("gemini-3").steps[0]?.targets[0]?.protocol).toBe("gemini");
  });

  test("a route to a provider that is not there is refused at once", () => {
    expect(() => new Router([route("x", ["nowhere", "*"])], [google])).toThrow('"nowhere"');
  });
});

describe("[13] an unknown model", () => {
  const router = new Router([route("fast", ["google", "*"])], [google, anthropic]);

  test("is a 404 that names it and what it may mean", () => {
    const error = errorOf(() => router.resolve("claud-exact"));
    expect(error.kind).toBe("model-not-found");
    expect(error.message).toBe('Unknown model "claud-exact". Did you mean "claude-exact"?');
  });

  test("names what is served when nothing is near", () => {
    expect(errorOf(() => router.resolve("gpt-6")).message).toBe(
      'Unknown model "gpt-6". Served here: fast, gemini-*, shared, claude-*, claude-exact.',
    );
  });

  test.each(["/x", "google/", "nowhere/x", "", "__proto__", "constructor"])("%j too", (name) => {
    expect(errorOf(() => router.resolve(name)).kind).toBe("model-not-found");
  });

  test("is cut in the message when it is long", () => {
    expect(errorOf(() => router.resolve("x".repeat(100_000))).message.length).toBeLessThan(500);
  });

  test("is something else than a config without providers", () => {
    const error = errorOf(() => new Router([], []).resolve("claude-opus"));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain("dragoman.yaml");
  });
});

test("lists aliases and declared models, each once, and no patterns", () => {
  const router = new Router(
    [route("fast", ["google", "*"]), route("claude-*", ["anthropic", "*"]), route("shared", ["google", "*"])],
    [google, anthropic],
  );
  expect(router.listModels()).toEqual(["fast", "shared", "claude-exact"]);
});

describe("the lane with the smallest loss", () => {
  const providers: Provider[] = [google, anthropic];

  test("goes first where the config states no order", () => {
    const resolution = new Router([], providers).resolve("shared");
    expect(preferLane(resolution, "anthropic-messages").map(({ targets }) => targets[0]?.provider.name)).toEqual(["anthropic", "google"]);
    expect(preferLane(resolution, "gemini").map(({ targets }) => targets[0]?.provider.name)).toEqual(["google", "anthropic"]);
    expect(preferLane(resolution, "openai-chat").map(({ targets }) => targets[0]?.provider.name)).toEqual(["google", "anthropic"]);
  });

  test("never reorders a declared list", () => {
    const resolution = new Router([route("both", ["google", "*"], ["anthropic", "*"])], providers).resolve("both");
    expect(preferLane(resolution, "anthropic-messages").map(({ targets }) => targets[0]?.provider.name)).toEqual(["google", "anthropic"]);
  });
});
