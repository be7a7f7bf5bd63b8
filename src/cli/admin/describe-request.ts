/** The record of a request, in words. */
import type { Usage } from "../../chat/chat.ts";
import type { AttemptRecord, RequestRecord } from "../../storage/request-log.ts";
import { alignLines } from "../describe.ts";
import { columns, count, passedOverCells, shortDuration } from "./words.ts";

/** With a line break at the end. */
export function describeRequest(record: RequestRecord): string {
  const { id, at, attempts, losses } = record;
  const passedOver = attempts.flatMap((attempt, index) =>
    (attempt.passedOver ?? []).map((passed) => [...(attempts.length > 1 ? [`${index + 1}`] : []), ...passedOverCells(passed)]),
  );
  return [
    `${id}  ${new Date(at).toISOString()}\n\n${alignLines(facts(record))}`,
    section("attempts", attempts.map(attemptCells)),
    section("passed over", passedOver),
    section(
      "losses",
      losses.map(({ severity, code, path }) => [severity, code, path]),
    ),
  ].join("");
}

function facts(record: RequestRecord): (readonly [string, string])[] {
  const { key, protocol, operation, stream, model, session, fallback, affinity, recovery, usage, costUsd } = record;
  const known: (readonly [string, string | undefined])[] = [
    ["outcome", outcomeOf(record)],
    ["told", record.error && `${record.error.kind}: ${record.error.message}`],
    ["key", key],
    ["asked", `${model ?? "no model"}, ${protocol}, ${operation}${stream ? ", streamed" : ""}`],
    ["served by", servedBy(record)],
    ["fallback", fallback && `from the first step, by ${fallback}`],
    ["affinity", affinity === undefined ? undefined : AFFINITY[affinity]],
    ["session", session],
    ["recovery", recovery],
    ["usage", usage && describeUsage(usage)],
    ["cost", costUsd === undefined ? undefined : `$${costUsd.toPrecision(3)}`],
  ];
  return known.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]));
}

const AFFINITY: Readonly<Record<NonNullable<RequestRecord["affinity"]>, string>> = {
  kept: "the conversation kept its credential",
  moved: "the conversation moved to another credential",
  new: "the conversation is new here",
};

function outcomeOf({ outcome, ms, ttftMs }: RequestRecord): string {
  const first = ttftMs === undefined ? "" : `, first content after ${shortDuration(ttftMs)}`;
  return `${outcome} after ${shortDuration(ms)}${first}`;
}

function servedBy({ outcome, target, credential, lane }: RequestRecord): string | undefined {
  if (target === undefined) return undefined;
  const name = [target, ...(credential === undefined ? [] : [credential]), ...(lane === undefined ? [] : [`${lane} lane`])].join(", ");
  return outcome === "failed" ? `nobody; last tried: ${name}` : name;
}

function describeUsage(usage: Usage): string {
  const parts: [number | undefined, string][] = [
    [usage.input, "in"],
    [usage.cacheRead, "of them from the cache"],
    [usage.cacheWrite, "written to the cache"],
    [usage.output, "out"],
    [usage.reasoning, "of them reasoning"],
  ];
  return parts.flatMap(([tokens, name]) => (tokens ? [`${count(tokens)} ${name}`] : [])).join(", ") || "none";
}

function attemptCells({ target, credential, cause, atMs, ms, ttftMs, probe, usage }: AttemptRecord, index: number): readonly string[] {
  const notes = [
    ...(ttftMs === undefined ? [] : [`first content after ${shortDuration(ttftMs)}`]),
    ...(probe ? ["a probe"] : []),
    ...(cause !== "answered" && usage ? [describeUsage(usage)] : []),
  ];
  const times = [`at ${shortDuration(atMs)}`, `for ${shortDuration(ms)}`];
  return [`${index + 1}`, target, credential ?? "no credential", cause, ...times, notes.join(", ")];
}

function section(title: string, lines: readonly (readonly string[])[]): string {
  return lines.length === 0 ? "" : `\n${title}\n${columns(lines)}\n`;
}
