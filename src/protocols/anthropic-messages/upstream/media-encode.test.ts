import { describe, expect, test } from "vitest";
import { claude, conversation, encodeMessages as encode } from "../../../../test/support/messages.ts";
import { profileFor } from "../../../catalog/profiles/index.ts";
import type { Content, MediaContent } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { LOSS_KINDS } from "../../../chat/loss-codes.ts";
import type { EncodeTarget } from "../../protocol.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUg==";
const PDF = "JVBERi0xLjcK";

function encoded(
  media: Partial<MediaContent>,
  over: Partial<EncodeTarget> = {},
): { block: JsonObject | undefined; losses: readonly string[] } {
  const content = { type: "media", kind: "image", source: { base64: PNG }, ...media } as Content;
  const { body, losses } = encode(conversation(["user", { type: "text", text: "q" }, content]), over);
  return { block: body.messages[0]?.content[1], losses };
}

describe("what Claude cannot be given is refused, and the part is named", () => {
  test.each<[string, Partial<MediaContent>, keyof typeof LOSS_KINDS]>([
    ["rule 176: audio", { kind: "audio", mediaType: "audio/wav", source: { base64: "UklGRg==" } }, "media-type"],
    ["video", { kind: "video", source: { url: "https://a" } }, "media-type"],
    ["rule 169: a bitmap", { mediaType: "image/bmp", source: { base64: "Qk1G" } }, "media-type"],
    ["rule 169: a bitmap called a PNG", { mediaType: "image/png", source: { base64: "Qk1GAAAAAAAAADYA" } }, "media-type"],
    ["rule 169: SVG", { mediaType: "image/svg+xml", source: { base64: "PHN2Zy8+" } }, "media-type"],
    ["rule 169: TIFF", { source: { url: "data:image/tiff;base64,SUkqAAgAAAA=" } }, "media-type"],
    ["a picture that nobody says what it is", { source: { base64: "AAAA" } }, "media-type"],
    ["a spreadsheet", { kind: "document", mediaType: "application/vnd.ms-excel", source: { base64: "0M8R4KGxGuE=" } }, "media-type"],
    ["rule 178: another vendor's file", { kind: "document", source: { fileId: "file-1" } }, "media-file-id"],
    ["an address that is not public", { source: { url: "gs://bucket/a.png" } }, "media-url"],
    ["a page as a document", { kind: "document", mediaType: "text/html", source: { url: "https://a.example" } }, "media-url"],
  ])("%s", (_rule, media, code) => {
    const { block, losses } = encoded(media);
    expect(losses).toEqual([code]);
    expect(LOSS_KINDS[code].severities).toContain("contract");
    expect(block?.["type"]).toBe("text");
  });
});

test("rule 179: how closely to look cannot be said", () => {
  const { block, losses } = encoded({ detail: "high" });
  expect(block?.["type"]).toBe("image");
  expect(losses).toEqual(["media-detail"]);
});

describe("what it can", () => {
  const image = (mediaType: string, data: string): JsonObject => ({
    type: "image",
    source: { type: "base64", media_type: mediaType, data },
  });
  const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } };

  test.each<[string, Partial<MediaContent>, JsonObject]>([
    ["rule 168: a data URL", { source: { url: `data:image/png;base64,${PNG}` } }, image("image/png", PNG)],
    ["rule 168: a wrong label", { mediaType: "image/jpeg" }, image("image/png", PNG)],
    ["rule 168: a wrong label on a data URL", { source: { url: `data:image/webp;base64,${PNG}` } }, image("image/png", PNG)],
    ["rule 168: no label", {}, image("image/png", PNG)],
    ["a label that nothing contradicts", { mediaType: "image/webp", source: { base64: "AAAA" } }, image("image/webp", "AAAA")],
    ["a PDF called an image", { source: { url: `data:application/pdf;base64,${PDF}` } }, pdf],
    ["rule 179: that the model decides how closely to look", { detail: "auto" }, image("image/png", PNG)],
    [
      "rule 181: base64 of another alphabet, in lines",
      { mediaType: "image/png", source: { base64: "a-_b\nAA" } },
      image("image/png", "a+/bAA=="),
    ],
    ["a PDF", { kind: "document", source: { base64: PDF }, title: "t.pdf" }, { ...pdf, title: "t.pdf" }],
    [
      "words",
      { kind: "document", source: { text: "words" } },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "words" } },
    ],
    [
      "words in base64",
      { kind: "document", mediaType: "text/markdown", source: { base64: "IyBow6k=" }, title: "a.md" },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "# hé" }, title: "a.md" },
    ],
    [
      "rule 170: an address",
      { source: { url: "https://a.example/b" } },
      { type: "image", source: { type: "url", url: "https://a.example/b" } },
    ],
    [
      "rule 178: the address of a PDF",
      { kind: "document", source: { url: "https://a.example/b.pdf" } },
      { type: "document", source: { type: "url", url: "https://a.example/b.pdf" } },
    ],
  ])("%s", (_rule, media, expected) => expect(encoded(media)).toEqual({ block: expected, losses: [] }));

  test("rule 170: where Claude does not fetch, an address that nobody fetched is refused", () => {
    const profile = profileFor({ platform: "bedrock", model: "claude-opus-5-5", protocol: "anthropic-messages" });
    expect(encoded({ source: { url: "https://a.example/b.png" } }, { ...claude("claude-opus-5-5"), profile }).losses).toEqual([
      "media-url",
    ]);
  });
});
