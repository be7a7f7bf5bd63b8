/**
 * What agents make of a provider whose every second answer is a fault: nothing. As long as one credential can answer, the gateway asks
 * again itself, so the client finishes its work without having seen an error.
 */
import type { ScriptItem } from "../../src/simulator/types.ts";
import type { Client } from "./client.ts";
import type { Scenario } from "./scenarios.ts";

/** All that may be tried elsewhere: nothing of the answer has come. One for each request that the client makes. */
const faults: readonly ScriptItem[] = [
  { fault: "429", retryAfter: 1 },
  { fault: "500" },
  { fault: "529" },
  { fault: "reset-before-headers" },
  { fault: "error-in-200", status: 503 },
  { fault: "error-first", status: 529 },
  { fault: "empty" },
  { fault: "503" },
];
const sound: ScriptItem = {};

/** A command after each request but the last. */
const numbers = faults.slice(1).map((_, index) => index + 1);
const prompt = `Run ${numbers.map((number) => `\`printf step-%d-done ${number}\``).join(", then ")}.`;

/** Agents that do without any other credential: the rest are tried in other ways. */
const agents: readonly string[] = ["claude-code", "codex", "gemini-cli"];

/** The scenario for a client, relayed and translated; none for clients that are no agents of their own. */
export function everySecondScenarios({ name, speaks }: Client): Scenario[] {
  if (!agents.includes(name)) return [];
  return [
    {
      name: "every-second",
      always: true,
      task: "tools",
      // A credential that failed rests for a second or more, which is longer than the client takes.
      credentials: Object.fromEntries(faults.map((_, index) => [`credential-${index + 1}`, undefined])),
      script: faults.flatMap((fault) => [fault, sound]),
      ways: [speaks, speaks === "responses" ? "messages" : "responses"],
      async run({ ask, generations }) {
        const said = await ask(prompt);
        const last = `step-${numbers.at(-1)}-done`;
        if (!said.includes(last)) throw new Error(`expected «${last}» in «${said}»`);
        const requests = generations().length;
        if (requests !== 2 * faults.length) throw new Error(`expected ${2 * faults.length} requests, got ${requests}`);
      },
      checkLog(lines) {
        const outcomes = lines.filter(({ operation }) => operation === "generate").map(({ outcome }) => outcome);
        const isQuiet = outcomes.length === faults.length && outcomes.every((outcome) => outcome === "answered");
        if (!isQuiet) throw new Error(`the client saw more than ${faults.length} answers: ${outcomes.join(", ")}`);
      },
    },
  ];
}
