/** The tests of one client protocol: every row, stream and whole, at every upstream that is given. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProtocolName } from "../../src/conformance/clients/client.ts";
import { play, scenariosOf, type At } from "./cell.ts";
import { Group, type Scenario } from "./group.ts";
import { ROWS } from "./rows.ts";
import { STORIES } from "./stories.ts";

const NAMES: Readonly<Record<ProtocolName, string>> = { anthropic: "Messages", chat: "Chat", responses: "Responses", gemini: "Gemini" };

/** A cell, ready to be played. */
interface Ready {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  play(group: Group): Promise<void>;
}

/** One test per cell: relayed to the client's own protocol, and translated to each of the others. */
export function faultMatrix(client: ProtocolName, others: readonly ProtocolName[]): void {
  describe.each([client, ...others])(`${NAMES[client]} client, %s upstream`, (upstream) => {
    const lane = client === upstream ? "relay" : "translate";
    const cells = [true, false].flatMap((stream) => cellsAt({ client, upstream, stream, lane }));
    let group: Group;

    beforeAll(async () => {
      group = await Group.start(
        client,
        upstream,
        cells.flatMap(({ scenarios }) => scenarios),
      );
    });
    // Does nothing when it was closed, as it is unless tests were left out.
    afterAll(() => group.close());

    describe.concurrent("faults", () => {
      test.each(cells.map((cell) => [cell.name, cell] as const))("%s", (_name, cell) => cell.play(group));
    });

    test("nothing is left under way, and no connection open", async () => {
      expect(await group.close()).toEqual({ connections: 0, requests: 0, permits: 0 });
    });
  });
}

function cellsAt(at: At): Ready[] {
  const { client, upstream, stream, lane } = at;
  const mode = stream ? "stream" : "whole";
  const way = lane === "relay" ? lane : `${lane}→${NAMES[upstream]}`;
  const nameOf = (fault: string): string => `${fault} · ${NAMES[client]} · ${mode} · ${way}`;
  const rows = ROWS.filter(({ upstreams }) => upstreams?.includes(upstream) ?? true);
  return [
    ...rows.map((row, index): Ready => {
      const scenarios = scenariosOf(row, at, `${mode}-${index}`);
      return { name: nameOf(row.name), scenarios, play: (group) => play(group, { ...at, row, scenarios }) };
    }),
    ...STORIES.map(({ name, credentials, tell }, index): Ready => {
      const scenario: Scenario = { name: `${mode}-story-${index}`, credentials, timeouts: "", spare: false };
      return { name: nameOf(name), scenarios: [scenario], play: (group) => tell(group, at, scenario) };
    }),
  ];
}
