import { expect, test } from "vitest";
import { isPage, noStream, notJson } from "./unreadable-answer.ts";

test.each([
  ["text/html; charset=utf-8", /^The upstream answered with a web page/],
  ["application/json", /^The upstream answered with one JSON body, .* stream/],
  ["text/plain", /^The upstream answered with text\/plain, where a stream/],
  [undefined, /no content-type/],
])("what is no stream is told by what came instead (%s), and what to check", (type, message) => {
  const error = noStream(type);
  expect(error.kind).toBe("upstream");
  expect(error.message).toMatch(message);
  expect(error.message).toMatch(/check.*base_url/i);
});

test.each([
  ["<!DOCTYPE html><title>502</title>", /web page/],
  [" \n", /empty/],
  ["[]", /not a JSON object/],
])("a whole answer that nobody can read (%j)", (body, message) => {
  expect(notJson(body)).toMatchObject({ kind: "upstream", message: expect.stringMatching(message) });
});

test("an answer that only speaks of pages is none", () => {
  expect(["<HTML>", "\n<!doctype html>"].map(isPage)).toEqual([true, true]);
  expect(['{"error":"<html>"}', "<?xml?><Error/>", "upstream connect error", ""].map(isPage)).toEqual([false, false, false, false]);
});
