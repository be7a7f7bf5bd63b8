/** What takes more than one request to tell: a credential that is revoked while it serves, and a pool that falls ill and heals. */
import { expect } from "vitest";
import type { CredentialView } from "../../src/routing/describe.ts";
import type { Behaviour, FaultName } from "../../src/simulator/types.ts";
import { until } from "../support/gateway.ts";
import { ask, expectServed, type At } from "./cell.ts";
import { SOUND, type Group, type Scenario } from "./group.ts";

export interface Story {
  readonly name: string;
  readonly credentials: readonly (Behaviour | FaultName)[];
  readonly tell: (group: Group, at: At, scenario: Scenario) => Promise<void>;
}

/** Slow enough for a test to act while it is under way. */
const UNDER_WAY: Behaviour = { ...SOUND, chunkDelayMs: 20, delayMs: 50 };

const REVOKED: Story = {
  name: "a credential revoked mid-run",
  credentials: [UNDER_WAY, SOUND],
  async tell(group, at, scenario) {
    const first = ask(group, at, scenario, `${scenario.name} first`);
    await until(() => group.gateway.simulator.requests.some(({ body }) => body.includes(`[${scenario.name} first]`)));
    group.behave(scenario, 0, "invalid-key");
    await expectServed(await first, [], "a");
    await expectServed(await ask(group, at, scenario, `${scenario.name} second`), [["a", "unauthenticated"]], "b");
    expect(credential(group, scenario).cooldowns).toMatchObject([{ class: "down", why: "unauthenticated" }]);
  },
};

/** With what the callers of a pool may be told while none of it can serve. */
const ILL: readonly (readonly [FaultName, readonly number[]])[] = [
  ["429", [429]],
  ["503", [503, 529]],
  ["invalid-key", [502]],
  ["no-credit", [429, 502]],
  ["reset-before-headers", [502, 503, 529]],
];

const HEALING = ILL.map(([fault, statuses]): Story => ({
  name: `all credentials fail (${fault}) and heal`,
  credentials: [fault, fault],
  async tell(group, at, scenario) {
    const ill = await ask(group, at, scenario, `${scenario.name} ill`);
    expect(statuses).toContain(ill.seen.status);
    for (const index of [0, 1]) group.behave(scenario, index, SOUND);
    // Each comes back by itself, and the preferred one serves again.
    for (let turn = 0; ; turn += 1) {
      const { seen, calls } = await ask(group, at, scenario, `${scenario.name} ${turn}`);
      const by = calls.map((call) => group.credentialOf(scenario, call));
      if (seen.status === 200)
        expect(seen.outcome).toMatchObject({ grammar: [], finish: "stop", content: [{ type: "text", text: SOUND.text }] });
      else expect(statuses).toContain(seen.status);
      if (by.at(-1) === "a") break;
      // Nobody is asked who rests, and whoever is asked serves.
      expect(by).toEqual(seen.status === 200 ? ["b"] : []);
    }
    expect(credential(group, scenario).cooldowns).toEqual([]);
  },
}));

export const STORIES: readonly Story[] = [REVOKED, ...HEALING];

/** The preferred credential. */
function credential(group: Group, { name }: Scenario): CredentialView {
  const pool = group.gateway.gateway.describe().find(({ provider }) => provider === name);
  return pool?.credentials[0] as CredentialView;
}
