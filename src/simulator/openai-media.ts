/** OpenAI's rules for media whose bytes are in a request. Each throws its 400. */
import { wrong } from "./openai-refusals.ts";

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const IMAGE_TYPE = /^image\/(?:png|jpe?g|gif|webp)$/;

/** Checks an image's address, or the bytes that a `data:` address holds. */
export function checkImageUrl(url: string, path: string): void {
  const data = /^data:([^;,]*)(?:;[^,]*)*;base64,(.*)$/s.exec(url);
  if (data === null) {
    if (/^https?:\/\/./.test(url)) return;
    throw wrong(
      `Invalid '${path}'. Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got a value without the 'data:' prefix.`,
      path,
      "invalid_value",
    );
  }
  if (!IMAGE_TYPE.test(data[1] as string)) {
    throw wrong(
      "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
      undefined,
      "invalid_image_format",
    );
  }
  checkBase64(data[2] as string, path);
}

/** Checks a file's bytes, which stand in a `data:` address. */
export function checkFileData(data: string, path: string): void {
  const url = /^data:[^;,]+(?:;[^,]*)*;base64,(.*)$/s.exec(data);
  if (url === null) {
    throw wrong(
      `Invalid '${path}'. Expected a base64-encoded data URL with an application/pdf MIME type (e.g. 'data:application/pdf;base64,aW1nIGJ5dGVzIGhlcmU='), but got a value without the 'data:' prefix.`,
      path,
      "invalid_value",
    );
  }
  checkBase64(url[1] as string, path);
}

export function checkBase64(data: string, path: string): void {
  if (!BASE64.test(data)) throw wrong(`Invalid '${path}'. Expected a base64-encoded value.`, path, "invalid_base64");
}
