/** The headers in which the gateway tells how a request went. */
import type { ErrorKind } from "../chat/error.ts";
import type { Loss, LossSeverity } from "../chat/loss.ts";
import { targetName } from "../routing/target.ts";
import type { AttemptRecord } from "../storage/request-log.ts";
import type { Current } from "./failover.ts";
import { attemptsHeader } from "./told.ts";

/** What the gateway says about a request in its headers. Never a secret. */
export function ownHeaders(
  requestId: string,
  current: Current | undefined,
  notes: readonly AttemptRecord[],
  fallback: ErrorKind | undefined,
): string[] {
  const headers = ["x-dragoman-request-id", requestId];
  // Under both names that SDKs look for; a relayed answer brings its upstream's own.
  if (current?.prepared.lane.name === "translate") headers.push("request-id", requestId, "x-request-id", requestId);
  if (current) {
    const { target, credential, prepared } = current;
    headers.push("x-dragoman-model", targetName(target), "x-dragoman-credential", credential.name, "x-dragoman-lane", prepared.lane.name);
    if (prepared.losses.length > 0) headers.push("x-dragoman-loss", lossHeader(prepared.losses));
  }
  if (fallback !== undefined) headers.push("x-dragoman-fallback", fallback);
  if (notes.length > 0) headers.push("x-dragoman-attempts", attemptsHeader(notes));
  return headers.map(headerText);
}

/** Longer header values are cut. */
const MAX_HEADER_CHARS = 2_000;

/** Callers choose model names, and a character that no header may hold would make Node throw. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character.toWellFormed())).slice(0, MAX_HEADER_CHARS);
}

/** Longer lists end with a count: header space is bounded. */
const MAX_LOSSES_IN_HEADER = 20;

/** A path may hold a field's name of the caller's. */
const MAX_PATH_CHARS = 80;
const GRAVITY: Readonly<Record<LossSeverity, number>> = { contract: 0, semantic: 1, info: 2 };

/** What matters most first. */
export function byGravity(losses: readonly Loss[]): readonly Loss[] {
  return losses.toSorted((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity]);
}

function lossHeader(losses: readonly Loss[]): string {
  const shown = byGravity(losses)
    .slice(0, MAX_LOSSES_IN_HEADER)
    .map(({ code, path }) => `${code};${path.slice(0, MAX_PATH_CHARS).replaceAll(/[,;]/g, "_")}`);
  return [...shown, ...(losses.length > shown.length ? [`and-${losses.length - shown.length}-more`] : [])].join(", ");
}
