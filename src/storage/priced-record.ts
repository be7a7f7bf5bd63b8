/** Adds to a record what its attempts cost: looking prices up is slow, so it is done where no request waits for it. */
import { costUsd } from "../catalog/prices.ts";
import type { RequestRecord } from "./request-log.ts";

/** The record with its cost, as far as the public prices of its models are known. */
export function priced(record: RequestRecord): RequestRecord {
  let total: number | undefined;
  for (const { platform, target, usage } of record.attempts) {
    if (platform === undefined || usage === undefined) continue;
    const cost = costUsd(platform, target.slice(target.indexOf("/") + 1), usage);
    if (cost !== undefined) total = (total ?? 0) + cost;
  }
  return total === undefined ? record : { ...record, costUsd: total };
}
