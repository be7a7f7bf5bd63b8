/** What Anthropic tells of its limits: those of the API, which count, and a subscription's windows, which tell a share (A.1.1). */
import type { Rate } from "../../rate.ts";
import { countedRate, NO_RATES, rateFields, type RateFields } from "../../shared/rate-headers.ts";
import { resetWaitMs } from "../../shared/retry-hints.ts";

const PREFIX = "anthropic-ratelimit-";
const COUNTED = ["requests", "tokens", "input-tokens", "output-tokens"] as const;

/** The limits that an answer's head tells. Never throws: what nobody can read is left out. */
export function rates(headers: readonly string[]): readonly Rate[] {
  const told = rateFields(headers, PREFIX, limitAndField);
  if (told === undefined) return NO_RATES;
  const counted = COUNTED.flatMap((unit) => {
    const fields = told.get(unit);
    return (fields && countedRate({ unit }, fields, headers)) ?? [];
  });
  return [...counted, ...usedUpWindows(told, headers)];
}

/** Whether the subscription refused this, and for the whole account: some of its windows are for one family of models only. */
export function refusesAccount(headers: readonly string[]): boolean {
  const told = rateFields(headers, PREFIX, limitAndField);
  return told !== undefined && told.get("unified")?.get("status") === "rejected" && concernsAccount(told);
}

/** The field comes last: `input-tokens-remaining`, `unified-5h-reset`, `unified-representative-claim`. */
function limitAndField(rest: string): readonly [string, string] {
  const dash = rest.lastIndexOf("-");
  return dash < 0 ? ["", rest] : [rest.slice(0, dash), rest.slice(dash + 1)];
}

/** `unified-5h` and `unified-7d` are the account's; what follows an underscore (`unified-7d_sonnet`) narrows it. */
const WINDOW = /^unified-(\d+[hd])(_\w+)?$/;

function usedUpWindows(told: RateFields, headers: readonly string[]): Rate[] {
  const found: Rate[] = [];
  const all = told.get("unified");
  const refused = all?.get("status") === "rejected";
  // Where more may be bought than the subscription has, a window that is used up refuses nothing.
  if (!refused && told.get("unified-overage")?.get("status")?.startsWith("allowed")) return found;
  for (const [name, fields] of told) {
    const [, window, family] = WINDOW.exec(name) ?? [];
    if (window === undefined) continue;
    if (fields.get("status") !== "rejected" && !(Number(fields.get("utilization")) >= 1)) continue;
    found.push(usedUp(family === undefined, fields, headers, `${window}${family ?? ""}`));
  }
  if (found.length === 0 && all && refused) found.push(usedUp(concernsAccount(told), all, headers));
  return found;
}

function usedUp(accountWide: boolean, fields: ReadonlyMap<string, string>, headers: readonly string[], window?: string): Rate {
  const resetMs = resetWaitMs(headers, fields.get("reset") ?? "");
  return {
    unit: "requests",
    ...(accountWide && { scope: "account" }),
    ...(window !== undefined && { window }),
    remaining: 0,
    ...(resetMs !== undefined && { resetMs }),
  };
}

const ACCOUNT_CLAIMS: ReadonlySet<string> = new Set(["five_hour", "seven_day", "overage"]);

/** Whether the window that decided is the account's: `seven_day_sonnet` is not. */
function concernsAccount(told: RateFields): boolean {
  const claim = told.get("unified-representative")?.get("claim");
  return claim === undefined || ACCOUNT_CLAIMS.has(claim);
}
