/** What encoded media are, whatever they are labelled (dossier rules 168, 181). Pure functions of the text. */

/** Standard base64 with padding, whatever alphabet or line breaks it came with (rule 181). */
export function normaliseBase64(text: string): string {
  const standard = /[^A-Za-z0-9+/=]/.test(text) ? text.replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/") : text;
  const unpadded = standard.endsWith("=") ? standard.replace(/=+$/, "") : standard;
  return unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, "=");
}

/** How well-known media begin, as Latin-1. */
const SIGNATURES: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n\x1a\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^GIF8/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^%PDF-/, "application/pdf"],
  [/^BM[^]{4}\0\0\0\0/, "image/bmp"],
  [/^(?:II\*\0|MM\0\*)/, "image/tiff"],
  [/^[^]{4}ftyp(?:heic|heix|hevc|mif1)/, "image/heic"],
  [/^[^]{4}ftypavif/, "image/avif"],
];

/** Enough characters of base64 to know any of them by. */
const HEAD_CHARS = 32;

/**
 * What the bytes say they are: a wrong label on an image is refused, so the bytes count more (rule 168).
 * @param base64 normalised.
 * @returns a media type, or `undefined` for bytes that begin like nothing well known.
 */
export function sniffMediaType(base64: string): string | undefined {
  const head = Buffer.from(base64.slice(0, HEAD_CHARS), "base64").toString("latin1");
  return SIGNATURES.find(([start]) => start.test(head))?.[1];
}

const DATA_URL = /^data:([^;,]*)(?:;[^,]*)?;base64,/i;

/** The media inside a `data:` URL of base64, not yet normalised; `undefined` for any other address. */
export function parseDataUrl(url: string): { readonly mediaType?: string; readonly base64: string } | undefined {
  const found = DATA_URL.exec(url);
  if (!found) return undefined;
  const mediaType = found[1] ?? "";
  return { ...(mediaType !== "" && { mediaType }), base64: url.slice(found[0].length) };
}
