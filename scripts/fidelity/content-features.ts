/** What can be said: rows of the table. */
import { chat, document, gemini, image, inputFile, inputImage, messages, PDF, PNG, responses, WAV, type Feature } from "./feature.ts";

export const CONTENT_FEATURES: readonly Feature[] = [
  {
    name: "system prompt",
    bodies: {
      "anthropic-messages": messages("hi", { system: "Be brief." }),
      "openai-chat": {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
        ],
      },
      gemini: gemini([{ text: "hi" }], { systemInstruction: { parts: [{ text: "Be brief." }] } }),
      "openai-responses": responses("hi", { instructions: "Be brief." }),
    },
  },
  {
    name: "system text inside the conversation",
    bodies: {
      "anthropic-messages": {
        messages: [
          { role: "user", content: "hi" },
          { role: "system", content: "Be brief." },
        ],
      },
      "openai-chat": {
        messages: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "hello" },
          { role: "user", content: "again" },
          { role: "developer", content: "Be brief." },
        ],
      },
      "openai-responses": {
        input: [
          { role: "user", content: "hi" },
          { role: "assistant", content: "hello" },
          { role: "user", content: "again" },
          { role: "developer", content: "Be brief." },
        ],
      },
    },
  },
  {
    name: "image, inline",
    bodies: {
      "anthropic-messages": messages([image]),
      "openai-chat": chat([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }]),
      gemini: gemini([{ inlineData: { mimeType: "image/png", data: PNG } }]),
      "openai-responses": responses([inputImage]),
    },
  },
  {
    name: "image by URL",
    bodies: {
      "anthropic-messages": messages([{ type: "image", source: { type: "url", url: "https://example.com/a.png" } }]),
      "openai-chat": chat([{ type: "image_url", image_url: { url: "https://example.com/a.png" } }]),
      gemini: gemini([{ fileData: { mimeType: "image/png", fileUri: "https://example.com/a.png" } }]),
      "openai-responses": responses([{ type: "input_image", image_url: "https://example.com/a.png" }]),
    },
  },
  {
    name: "how closely to look at an image",
    bodies: {
      "openai-chat": chat([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}`, detail: "low" } }]),
      gemini: gemini([{ inlineData: { mimeType: "image/png", data: PNG }, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } }]),
      "openai-responses": responses([{ ...inputImage, detail: "low" }]),
    },
  },
  {
    name: "PDF, inline",
    bodies: {
      "anthropic-messages": messages([document]),
      "openai-chat": chat([{ type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` } }]),
      gemini: gemini([{ inlineData: { mimeType: "application/pdf", data: PDF } }]),
      "openai-responses": responses([inputFile]),
    },
  },
  {
    name: "PDF by URL",
    bodies: {
      "anthropic-messages": messages([{ type: "document", source: { type: "url", url: "https://example.com/a.pdf" } }]),
      gemini: gemini([{ fileData: { mimeType: "application/pdf", fileUri: "https://example.com/a.pdf" } }]),
      "openai-responses": responses([{ type: "input_file", file_url: "https://example.com/a.pdf" }]),
    },
  },
  {
    name: "plain-text document",
    bodies: {
      "anthropic-messages": messages([
        { type: "document", title: "notes", source: { type: "text", media_type: "text/plain", data: "one, two" } },
      ]),
      gemini: gemini([{ inlineData: { mimeType: "text/plain", data: "b25lLCB0d28=" } }]),
    },
  },
  {
    name: "file uploaded to the provider",
    bodies: {
      "anthropic-messages": messages([{ type: "image", source: { type: "file", file_id: "file_1" } }]),
      "openai-chat": chat([{ type: "file", file: { file_id: "file-1" } }]),
      gemini: gemini([{ fileData: { mimeType: "image/png", fileUri: "https://generativelanguage.googleapis.com/v1beta/files/1" } }]),
      "openai-responses": responses([{ type: "input_file", file_id: "file-1" }]),
    },
  },
  {
    name: "audio",
    bodies: {
      "openai-chat": chat([{ type: "input_audio", input_audio: { data: WAV, format: "wav" } }]),
      gemini: gemini([{ inlineData: { mimeType: "audio/wav", data: WAV } }]),
      "openai-responses": responses([{ type: "input_audio", input_audio: { data: WAV, format: "wav" } }]),
    },
  },
  { name: "video", bodies: { gemini: gemini([{ inlineData: { mimeType: "video/mp4", data: "AAAAIGZ0eXBpc29t" } }]) } },
  {
    name: "search results from the caller",
    bodies: {
      "anthropic-messages": messages([
        { type: "search_result", source: "https://example.com", title: "Example", content: [{ type: "text", text: "one" }] },
      ]),
    },
  },
];
