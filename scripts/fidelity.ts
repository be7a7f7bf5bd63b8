/** The text of `docs/fidelity.md`, from the table of losses and from where the protocols put them on the ledger. */
import { readdirSync, readFileSync } from "node:fs";
import { LOSS_KINDS, type LossCode, type LossKind } from "../src/chat/loss-codes.ts";

const PROTOCOLS = new URL("../src/protocols/", import.meta.url);
const RECORDED = /losses\.add\(\s*"([a-z-]+)"/g;

/** The codes that the files of `src/protocols/` use, by folder; those of files beside the folders under the empty name. */
export function recordedCodes(): ReadonlyMap<string, ReadonlySet<string>> {
  const files = readdirSync(PROTOCOLS, { recursive: true, encoding: "utf8" }).filter((file) => /(?<!\.test)\.ts$/.test(file));
  const byFolder = Map.groupBy(files, (file) => (file.includes("/") ? (file.split("/")[0] as string) : ""));
  const codesOf = (file: string) =>
    [...readFileSync(new URL(file, PROTOCOLS), "utf8").matchAll(RECORDED)].map(([, code]) => code as string);
  return new Map([...byFolder].map(([folder, inside]) => [folder, new Set(inside.flatMap(codesOf))]));
}

/** The document. */
export function fidelityDocument(): string {
  const recorded = recordedCodes();
  const kinds = Object.entries(LOSS_KINDS) as [LossCode, LossKind][];
  const table = (folder: string, side: LossKind["side"]): string => {
    const used = kinds.filter(([code, kind]) => kind.side === side && (recorded.get(folder)?.has(code) || recorded.get("")?.has(code)));
    const rows = used.map(
      ([code, { severities, meaning, remedy }]) => `| \`${code}\` | ${severities.join(", ")} | ${meaning} | ${remedy} |`,
    );
    return ["| code | severity | what happens | what you can do |", "| --- | --- | --- | --- |", ...rows].join("\n");
  };
  return `${INTRODUCTION}
## Requests to Gemini

${table("gemini", "request")}

## Answers to Messages clients

${table("anthropic-messages", "answer")}

## Requests to Anthropic

Not today: Messages clients are relayed, and clients of other protocols are not served yet.

${table("anthropic-messages", "request")}
`;
}

const INTRODUCTION = `<!-- Made by \`npx node scripts/write-fidelity.ts\` from src/chat/loss-codes.ts. -->

# What translation loses

A request of a Messages client to Anthropic is relayed: nothing is translated, and nothing is lost but reasoning that another provider signed. A request to Gemini is translated, and what Gemini cannot be told is a _loss_. So is what the client cannot be told of the answer. Each loss has a code, a place and a severity:

| severity | meaning | refused in mode |
| --- | --- | --- |
| \`info\` | no meaning is lost: cache marks, bookkeeping, hints | none |
| \`semantic\` | the model is told less, or the client is | \`strict\` |
| \`contract\` | the answer could not be what was asked for | \`strict\`, \`default\` |

The mode is that of the caller's key, else of the route, else \`default\`; \`lenient\` refuses nothing (\`loss\` in [the configuration](configuration.md#loss)). A refused request is answered 400 before anything is sent: the message names the place and the code. A loss of the answer is never refused, because by then the answer is there.

Losses stand in the response header \`x-dragoman-loss\`, as \`code;place\` with commas between, and in the request's log line. A place is a path in the request (\`tools[3]\`), or begins with \`answer\`. The header names the gravest 20, then how many more there are; the log names 20. The header is sent before a streamed answer is complete: losses of that answer are in the log only.
`;
