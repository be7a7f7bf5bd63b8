import { describe, expect, test } from "vitest";
import { client } from "../../../../test/support/messages.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { ModelEntry } from "../../protocol.ts";

const models: ModelEntry[] = Array.from({ length: 50 }, (_, i) => ({ id: `m${i}` }));

function list(query: string, entries = models): { ids: string[]; more: unknown; first: unknown; last: unknown } {
  const page = client.encodeModelList(entries, new URLSearchParams(query));
  const ids = (page["data"] as JsonObject[]).map(({ id }) => id as string);
  return { ids, more: page["has_more"], first: page["first_id"], last: page["last_id"] };
}

describe("rule 402: the list of models", () => {
  test.each([
    ["", 0, 20, true],
    ["limit=1000", 0, 50, false],
    ["limit=50", 0, 50, false],
    ["limit=1&after_id=m0", 1, 2, true],
    ["after_id=m40", 41, 50, false],
    ["limit=5&before_id=m20", 15, 20, true],
    ["limit=5&before_id=m3", 0, 3, false],
  ])("%s", (query, from, to, more) => {
    const ids = models.slice(from, to).map(({ id }) => id);
    expect(list(query)).toEqual({ ids, more, first: ids[0], last: ids.at(-1) });
  });

  test("pages together hold every model once", () => {
    const seen: string[] = [];
    for (let page = list("limit=7"); ; page = list(`limit=7&after_id=${String(page.last)}`)) {
      seen.push(...page.ids);
      if (page.more === false) break;
    }
    expect(seen).toEqual(models.map(({ id }) => id));
  });

  test("no models", () => {
    expect(list("", [])).toEqual({ ids: [], more: false, first: null, last: null });
  });

  test.each(["limit=0", "limit=1001", "limit=x", "limit=1.5", "after_id=nope", "before_id=nope", "before_id=m1&after_id=m2"])(
    "%s is refused",
    (query) => {
      expect(() => list(query)).toThrow(expect.objectContaining({ kind: "invalid-request" }) as Error);
    },
  );

  test("one model, with null for what nobody told us", () => {
    expect(client.encodeModel({ id: "m", maxInputTokens: 5, maxOutputTokens: 6 })).toMatchObject({ max_input_tokens: 5, max_tokens: 6 });
    expect(client.encodeModel({ id: "a/b" })).toMatchObject({
      type: "model",
      id: "a/b",
      display_name: "a/b",
      created_at: "1970-01-01T00:00:00Z",
      max_input_tokens: null,
      max_tokens: null,
    });
  });
});

test("a token count", () => {
  expect(client.encodeTokenCount(7)).toEqual({ input_tokens: 7 });
});
