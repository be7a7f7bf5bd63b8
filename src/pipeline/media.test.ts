import { expect, test } from "vitest";
import type { MediaContent } from "../chat/chat.ts";
import { MediaStore, type WantedMedia } from "./media.ts";

const PNG = Buffer.from("iVBORw0KGgo=", "base64");
const signal = new AbortController().signal;

/** A store, and the URLs that were fetched for it. */
function store(): { media: MediaStore; fetched: string[] } {
  const fetched: string[] = [];
  const fetch = async (url: string): Promise<{ bytes: Buffer }> => {
    fetched.push(url);
    return { bytes: PNG };
  };
  return { media: new MediaStore(fetch, 1_000_000), fetched };
}

function wanted(...urls: string[]): WantedMedia[] {
  return urls.map((url, i) => ({ path: `at[${i}]`, url, media: { type: "media", kind: "image", source: { url } } as MediaContent }));
}

test("an address counts as memory, like what lies there", async () => {
  const { media, fetched } = store();
  const long = Array.from({ length: 5 }, (_, i) => `https://a.example/${i}${"x".repeat(30_000_000)}`);
  for (const url of long) await media.fetchAll("caller", wanted(url), signal);
  await media.fetchAll("caller", wanted(long[4] as string), signal);
  await media.fetchAll("caller", wanted(long[0] as string), signal);
  expect(fetched.map((url) => long.indexOf(url))).toEqual([0, 1, 2, 3, 4, 0]);
});

test("one request cannot make the gateway ask the world: what is there already does not count", async () => {
  const { media, fetched } = store();
  const urls = Array.from({ length: 501 }, (_, i) => `https://a.example/${i}`);
  await expect(media.fetchAll("caller", wanted(...urls), signal)).rejects.toMatchObject({
    kind: "invalid-request",
    message: expect.stringMatching(/^at\[500\]: .* more than 500 files/),
  });
  expect(fetched).toEqual([]);
  await media.fetchAll("caller", wanted(...urls.slice(0, 500)), signal);
  expect((await media.fetchAll("caller", wanted(...urls), signal)).size).toBe(501);
});
