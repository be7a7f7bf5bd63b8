/** `dragoman status`: how the pool of the running gateway is. */
import type { Status, StoreStatus } from "../../http/admin/status.ts";
import type { CooldownView } from "../../routing/cooldown.ts";
import type { CredentialView, PoolView } from "../../routing/describe.ts";
import { alignLines, describeSource } from "../describe.ts";
import { connect, readForTerminal, type ConnectionOptions } from "./connection.ts";
import { columns, count, shortDuration } from "./words.ts";

export interface StatusOptions extends ConnectionOptions {
  readonly json?: boolean;
}

/** Prints it. */
export async function status({ json, ...options }: StatusOptions): Promise<void> {
  const gateway = await connect(options);
  const answer = await gateway.get("/status");
  if (json) return void process.stdout.write(await answer.text());
  process.stdout.write(describeStatus((await readForTerminal(answer)) as Status, gateway.url));
}

/** The status in words, with a line break at the end. */
export function describeStatus({ version, uptimeMs, config, store, sharing, pools }: Status, url: string): string {
  const facts = alignLines([
    ["config", describeSource(config)],
    ["store", describeStore(store)],
    ...(sharing ? [["shared", describeSharing(sharing)] as const] : []),
  ]);
  const providers = pools.length === 0 ? "No provider is configured.\n" : pools.map(describePool).join("\n");
  return `Dragoman ${version} at ${url}, up ${shortDuration(uptimeMs)}\n\n${facts}\n${providers}`;
}

function describeStore({ path, trouble }: StoreStatus): string {
  if (path === undefined) return "in memory, until Dragoman ends";
  return trouble === undefined ? path : `cannot be written: ${trouble}`;
}

function describeSharing({ server, state, sinceMs, reason }: NonNullable<Status["sharing"]>): string {
  const since = `${state} for ${shortDuration(sinceMs)}`;
  return `through ${server}, ${since}${reason === undefined ? "" : `: ${reason}`}`;
}

function describePool({ provider, waiting, circuit, credentials }: PoolView): string {
  const notes = [
    ...(circuit.length > 0 ? [circuit.every(isOver) ? "provider due to be tried again" : "provider down"] : []),
    ...(waiting > 0 ? [waiting === 1 ? "1 request waits" : `${count(waiting)} requests wait`] : []),
  ];
  const heading = notes.length === 0 ? provider : `${provider}  (${notes.join(", ")})`;
  const lines = credentials.map(({ name, inUse, maxConcurrency, ...credential }) => [
    name,
    stateOf(credential),
    `${count(inUse)}${maxConcurrency === undefined ? "" : ` of ${count(maxConcurrency)}`} in use`,
  ]);
  const own = credentials.flatMap(({ name, cooldowns, rates }) => [
    ...cooldowns.map((cooldown) => restCells(name, cooldown)),
    ...rates.map(({ model, unit, remaining, resetMs }) => [
      name,
      model ?? "all models",
      `${count(remaining)} ${unit} left`,
      `more in ${shortDuration(resetMs)}`,
    ]),
  ]);
  const rests = [...circuit.map((cooldown) => restCells("all", cooldown)), ...own];
  const details = rests.length === 0 ? "" : `\n${columns(rests, "    ")}\n`;
  return `${heading}\n${columns(lines)}\n${details}`;
}

/** The gravest of what holds it. */
function stateOf({ cooldowns }: Pick<CredentialView, "cooldowns">): string {
  if (cooldowns.length === 0) return "ready";
  if (cooldowns.every(isOver)) return "due to be tried again";
  if (cooldowns.some(({ untilMs }) => untilMs === undefined)) return "down";
  if (cooldowns.some(({ model }) => model === undefined)) return "cooling";
  return cooldowns.length === 1 ? "cooling for 1 model" : `cooling for ${count(cooldowns.length)} models`;
}

/** Whether the next request may find out if it has recovered. */
function isOver({ nextProbeMs }: CooldownView): boolean {
  return nextProbeMs < 1;
}

function restCells(name: string, { model, why, failures, sinceMs, untilMs, ...probe }: CooldownView): readonly string[] {
  const times = failures > 1 ? ` (${count(failures)} times)` : "";
  const until = untilMs === undefined ? "until it is changed" : untilMs < 1 ? "over" : `${shortDuration(untilMs)} to go`;
  return [name, model ?? "all models", `${why}${times}`, `for ${shortDuration(sinceMs)}`, until, probeOf(probe)];
}

function probeOf({ nextProbeMs, probing }: Pick<CooldownView, "nextProbeMs" | "probing">): string {
  if (probing) return "being probed";
  return nextProbeMs < 1 ? "probe due" : `probe in ${shortDuration(nextProbeMs)}`;
}
