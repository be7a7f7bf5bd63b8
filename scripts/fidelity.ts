/** The text of `docs/fidelity.md`, from the table of losses and from what the decoders and encoders do with each feature. */
import { readdirSync, readFileSync } from "node:fs";
import { answerRows, clients, pairs, requestRows, TARGETS, TITLES } from "./fidelity/table.ts";
import { EXEMPT, REASONS, RULES } from "./rules.ts";
import { LOSS_KINDS, type LossCode, type LossKind } from "../src/chat/loss-codes.ts";

const SOURCES = new URL("../src/", import.meta.url);
const RECORDED = /losses\.add\(\s*"([a-z-]+)"/g;

/** The codes that the program puts on the ledger. */
export function recordedCodes(): ReadonlySet<string> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((file) => /(?<!\.test)\.ts$/.test(file));
  const codesOf = (file: string) => readFileSync(new URL(file, SOURCES), "utf8").matchAll(RECORDED);
  return new Set(files.flatMap((file) => [...codesOf(file)].map(([, code]) => code as string)));
}

/** The document. */
export function fidelityDocument(): string {
  const kinds = Object.entries(LOSS_KINDS) as [LossCode, LossKind][];
  const codes = (side: LossKind["side"]): string =>
    table(
      ["code", "severity", "what happens", "what you can do"],
      kinds
        .filter(([, kind]) => kind.side === side)
        .map(([code, { severities, meaning, remedy }]) => [`\`${code}\``, severities.join(", "), meaning, remedy]),
    );
  const columns = pairs().map(({ client, upstream }) => `${TITLES[client.id]} → ${TITLES[upstream.id]}`);
  const requests = requestRows().map(({ feature, cells }) => [feature, ...cells]);
  const answers = answerRows().map(({ feature, cells }) => [feature, ...cells]);
  return `${INTRODUCTION}
## What becomes of a request

${LEGEND}

${table(["feature", ...columns], requests)}

## What becomes of an answer

The same for what a model says, whichever provider it comes from.

${table(["feature", ...clients().map(({ id }) => `${TITLES[id]} clients`)], answers)}

## Losses of requests

${codes("request")}

## Losses of answers

${codes("answer")}

## Rules and tests

The project's study of the wire formats, which is not part of this repository, has numbered rules; ${RULES.size} of them concern these protocols. ${testedRules()}
`;
}

function testedRules(): string {
  const each = "Each has a test with its number in the name";
  if (EXEMPT.size === 0) return `${each}.`;
  const untested = [...EXEMPT].map(([rule, { reason, why }]) => [String(rule), RULES.get(rule) ?? "", `${REASONS[reason]}: ${why}`]);
  return `${each}, but for these:\n\n${table(["rule", "what it says", "why it has no test"], untested)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const INTRODUCTION = `<!-- Made by \`npx node scripts/write-fidelity.ts\` from src/chat/loss-codes.ts. -->

# What translation loses

A request that goes to a provider of the client's own protocol is relayed: nothing is translated, and nothing is lost but reasoning that another provider signed. Any other request is translated, and what the target cannot be told is a _loss_. So is what the client cannot be told of the answer. Each loss has a code, a place and a severity:

| severity | meaning | refused in mode |
| --- | --- | --- |
| \`info\` | no meaning is lost: cache marks, bookkeeping, hints | none |
| \`semantic\` | the model is told less, or the client is | \`strict\` |
| \`contract\` | the answer could not be what was asked for | \`strict\`, \`default\` |

The mode is that of the caller's key, else of the route, else \`default\`; \`lenient\` refuses nothing (\`loss\` in [the configuration](configuration.md#loss)). A refused request is answered 400 before anything is sent: the message names the place and the code. A loss of the answer is never refused, because by then the answer is there.

Losses stand in the response header \`x-dragoman-loss\`, as \`code;place\` with commas between, and in the request's log line. A place is a path in the request (\`tools[3]\`), or begins with \`answer\`. The header names the gravest 20, then how many more there are; the log names 20. The header is sent before a streamed answer is complete: losses of that answer are in the log only.
`;

const LEGEND = `Each cell is what the gateway's own decoders and encoders do with such a request, for the newest model that each vendor serves itself (${Object.values(
  TARGETS,
)
  .map(({ model }) => `\`${model}\``)
  .join(", ")}); other models differ where [profiles](../src/catalog/profiles) say so. Requests between equal protocols are relayed.

- **carried**: said in the target's own words, with the same meaning.
- **emulated**: the same effect by other means; the code says which.
- **dropped**: left out, with this code on the ledger.
- **refused**: answered 400 before anything is sent, unless \`loss: lenient\`.
- An empty cell: the client's protocol has no word for it.`;
