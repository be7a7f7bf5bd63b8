/** Images and documents, from the user and from tools. */
import { contains, has, holds, same } from "../check.ts";
import { textOf } from "../conversation.ts";
import { hashOf, mediaIn, piecesIn, resultsIn, textsIn } from "../look.ts";
import { oneTurn, type ConversationScenario, type Pairing } from "../scenario.ts";
import { CLEAR_PIXEL, EMPTY_PAGE, GIF, LOOK, PDF, PNG, RED_PIXEL } from "./fixtures.ts";

const IMAGE_URL = "https://images.example.com/cat.png";

function noMediaInResults({ client }: Pairing): string | undefined {
  return client === "chat" ? "tool messages of Chat Completions hold text only" : undefined;
}

export const MEDIA: readonly ConversationScenario[] = [
  {
    id: "image-base64",
    feature: "media",
    title: "an image in the request",
    turns: oneTurn([{ type: "text", text: "What is this?" }, RED_PIXEL], { text: "A red pixel." }),
    check({ asked, told }) {
      has("upstream media", mediaIn(asked(0)), [{ kind: "image", mimeType: "image/png", source: "bytes", sha256: hashOf(PNG) }]);
      same("upstream words", textsIn(asked(0), "user"), ["What is this?"]);
      same("answer", textOf(told(0)), "A red pixel.");
    },
  },
  {
    id: "images-between-texts",
    feature: "media",
    title: "images and texts keep their order",
    turns: oneTurn(
      [
        { type: "text", text: "Compare this" },
        RED_PIXEL,
        { type: "text", text: "with this" },
        CLEAR_PIXEL,
        { type: "text", text: "please." },
      ],
      { text: "One is red." },
    ),
    check({ asked }) {
      const order = piecesIn(asked(0)).map((piece) => (piece.type === "text" ? piece.text : piece.type === "media" ? piece.mimeType : "?"));
      same("upstream content", order, ["Compare this", "image/png", "with this", "image/gif", "please."]);
      same(
        "upstream bytes",
        mediaIn(asked(0)).map(({ sha256 }) => sha256),
        [hashOf(PNG), hashOf(GIF)],
      );
    },
  },
  {
    id: "image-by-url",
    feature: "media",
    title: "an image by its address",
    excuse: ({ client, upstream }) =>
      client !== "gemini" && upstream === "gemini"
        ? "Gemini wants the bytes, and the suite has no public address to serve them from"
        : undefined,
    turns: oneTurn(
      [
        { type: "text", text: "Describe it." },
        { type: "image-url", url: IMAGE_URL, mediaType: "image/png" },
      ],
      {
        text: "A cat.",
      },
    ),
    check({ asked, told }) {
      has("upstream media", mediaIn(asked(0)), [{ kind: "image", reference: IMAGE_URL }]);
      same("answer", textOf(told(0)), "A cat.");
    },
  },
  {
    id: "pdf",
    feature: "media",
    title: "a PDF in the request",
    turns: oneTurn([{ type: "text", text: "Summarise it." }, EMPTY_PAGE], { text: "It is empty." }),
    check({ asked, told }) {
      has("upstream media", mediaIn(asked(0)), [{ kind: "document", mimeType: "application/pdf", source: "bytes", sha256: hashOf(PDF) }]);
      same("answer", textOf(told(0)), "It is empty.");
    },
  },
  {
    id: "image-in-tool-result",
    feature: "media",
    title: "an image that a tool gave",
    settings: { tools: [LOOK] },
    excuse: noMediaInResults,
    turns: () => [
      { says: "What do you see?", answer: { calls: [{ name: "take_photo", input: { zoom: 1 } }] } },
      {
        says: { results: [{ call: 0, content: [{ type: "text", text: "Photo taken." }, RED_PIXEL] }] },
        answer: { text: "Something red." },
      },
    ],
    check({ asked, told }) {
      has("upstream media", mediaIn(asked(1)), [{ kind: "image", mimeType: "image/png", source: "bytes", sha256: hashOf(PNG) }]);
      holds("upstream results", resultsIn(asked(1)).length === 1, "not exactly one");
      contains("upstream result", resultsIn(asked(1))[0]?.text ?? "", "Photo taken.");
      same("answer", textOf(told(1)), "Something red.");
    },
  },
  {
    id: "document-in-tool-result",
    feature: "media",
    title: "a PDF that a tool gave",
    settings: { tools: [LOOK] },
    excuse: noMediaInResults,
    turns: () => [
      { says: "Fetch the report.", answer: { calls: [{ name: "take_photo", input: { zoom: 2 } }] } },
      {
        says: { results: [{ call: 0, content: [{ type: "text", text: "Here it is." }, EMPTY_PAGE] }] },
        answer: { text: "An empty report." },
      },
    ],
    check({ asked, told }) {
      has("upstream media", mediaIn(asked(1)), [{ kind: "document", mimeType: "application/pdf", sha256: hashOf(PDF) }]);
      contains("upstream result", resultsIn(asked(1))[0]?.text ?? "", "Here it is.");
      same("answer", textOf(told(1)), "An empty report.");
    },
  },
  {
    id: "images-of-parallel-tools",
    feature: "media",
    title: "images of two calls at once are not mixed up",
    settings: { tools: [LOOK] },
    excuse: noMediaInResults,
    turns: () => [
      {
        says: "Look twice.",
        answer: {
          calls: [
            { name: "take_photo", input: { zoom: 1 } },
            { name: "take_photo", input: { zoom: 9 } },
          ],
        },
      },
      {
        says: {
          results: [
            { call: 0, content: [{ type: "text", text: "far" }, RED_PIXEL] },
            { call: 1, content: [{ type: "text", text: "near" }, CLEAR_PIXEL] },
          ],
        },
        answer: { text: "Red, then clear." },
      },
    ],
    check({ asked, told }) {
      same(
        "upstream bytes",
        mediaIn(asked(1)).map(({ sha256 }) => sha256),
        [hashOf(PNG), hashOf(GIF)],
      );
      const [far, near] = resultsIn(asked(1));
      contains("first upstream result", far?.text ?? "", "far");
      contains("second upstream result", near?.text ?? "", "near");
      same("answer", textOf(told(1)), "Red, then clear.");
    },
  },
];
