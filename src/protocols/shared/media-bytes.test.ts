import fc from "fast-check";
import { expect, test } from "vitest";
import { normaliseBase64, parseDataUrl, sniffMediaType } from "./media-bytes.ts";

test("rule 181: whatever alphabet, breaks and padding, the bytes are the same and the text is standard", () => {
  const breaks = fc.constantFrom("", "\n", "\r\n", " ");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), breaks, (bytes, urlSafe, between) => {
      const standard = Buffer.from(bytes).toString("base64");
      const written = urlSafe ? Buffer.from(bytes).toString("base64url") : standard;
      const broken = (written.match(/.{1,8}/g) ?? []).join(between);
      expect(normaliseBase64(broken)).toBe(standard);
      expect(normaliseBase64(standard)).toBe(standard);
    }),
  );
});

test.each([
  ["\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"],
  ["\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"],
  ["GIF89a\x01\0\x01\0", "image/gif"],
  ["RIFF\x24\0\0\0WEBPVP8 ", "image/webp"],
  ["RIFF\x24\0\0\0WAVEfmt ", undefined],
  ["%PDF-1.7\n", "application/pdf"],
  ["BM\x46\0\0\0\0\0\0\0\x36\0", "image/bmp"],
  ["BMW is a brand of", undefined],
  ["II*\0\x08\0\0\0", "image/tiff"],
  ["\0\0\0\x18ftypheic\0\0", "image/heic"],
  ["<svg xmlns=", undefined],
  ["", undefined],
])("rule 168: %j is %s", (bytes, type) => {
  expect(sniffMediaType(Buffer.from(bytes, "latin1").toString("base64"))).toBe(type);
});

test.each([
  ["data:image/png;base64,AAAA", { mediaType: "image/png", base64: "AAAA" }],
  ["DATA:text/plain;charset=utf-8;BASE64,AA", { mediaType: "text/plain", base64: "AA" }],
  ["data:;base64,", { base64: "" }],
  ["data:text/plain,hello", undefined],
  ["https://a.example/data:x;base64,AA", undefined],
])("the media in %s", (url, media) => {
  expect(parseDataUrl(url)).toEqual(media);
});
