/** What scenarios have in common: small files, and tools. */
import type { Piece, Tool } from "../conversation.ts";

/** One red pixel. */
export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** One transparent pixel. */
export const GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
/** An empty page. */
export const PDF = Buffer.from(
  "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
).toString("base64");

export const RED_PIXEL: Piece = { type: "image", mediaType: "image/png", base64: PNG };
export const CLEAR_PIXEL: Piece = { type: "image", mediaType: "image/gif", base64: GIF };
export const EMPTY_PAGE: Piece = { type: "document", mediaType: "application/pdf", base64: PDF, name: "report.pdf" };

export const WEATHER: Tool = {
  name: "get_weather",
  description: "The weather in a city.",
  schema: { type: "object", properties: { city: { type: "string", description: "Its name." } }, required: ["city"] },
};
export const CLOCK: Tool = { name: "get_time", description: "The time now.", schema: { type: "object", properties: {} } };
export const LOOK: Tool = {
  name: "take_photo",
  description: "A photo of what is before the camera.",
  schema: { type: "object", properties: { zoom: { type: "integer" } }, required: ["zoom"] },
};
