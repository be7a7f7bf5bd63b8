/** What people are told of an upstream's answer that nobody can read: what came instead, and what to look at. */
import { GatewayError } from "../chat/error.ts";

/** A content type without its parameters, in lower case; empty where there is none. */
export function mediaType(contentType = ""): string {
  return (contentType.split(";", 1)[0] as string).trim().toLowerCase();
}

/** Whether a body is a web page: those of proxies are, and no API's answer begins like one. */
export function isPage(body: string): boolean {
  return /^\s*<(?:!doctype html|html|head|body)\b/i.test(body);
}

const LOOK_AT_ADDRESS =
  "A proxy, a firewall or a sign-in page in front of it may have answered in its place: check that, and the provider's base_url.";

const PAGE = `The upstream answered with a web page, not with an answer of its API. ${LOOK_AT_ADDRESS}`;

/** A web page in place of an error. @param status HTTP's. */
export function pageForError(status: number): string {
  return `The upstream answered HTTP ${status} with a web page, not with an error of its API. ${LOOK_AT_ADDRESS}`;
}

/** Something else than the stream that was asked for; `upstream`. @param contentType as it was told. */
export function noStream(contentType: string | undefined): GatewayError {
  return new GatewayError("upstream", sentenceFor(mediaType(contentType)));
}

function sentenceFor(type: string): string {
  switch (type) {
    case "text/html":
      return PAGE;
    case "application/json":
      return "The upstream answered with one JSON body, where a stream was asked for. Check that the server behind the provider's base_url can stream, or ask without streaming.";
    case "":
      return `The upstream did not say what it answered with (no content-type), where a stream was asked for. ${LOOK_AT_ADDRESS}`;
    default:
      return `The upstream answered with ${type}, where a stream was asked for. ${LOOK_AT_ADDRESS}`;
  }
}

/** A whole answer that is no JSON object; `upstream`. */
export function notJson(body: string): GatewayError {
  if (isPage(body)) return new GatewayError("upstream", PAGE);
  const what = body.trim() === "" ? "The upstream's answer is empty." : "The upstream's answer is not a JSON object.";
  return new GatewayError("upstream", `${what} ${LOOK_AT_ADDRESS}`);
}
