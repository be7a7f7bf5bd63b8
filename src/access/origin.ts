/**
 * What only programs on this machine may ask for, and no web page that runs in a browser on it: anything while no keys are
 * configured, and what the operator asks. A page can send requests to loopback, directly or by giving its own name this
 * address, and would spend the operator's credentials. It can change neither `Host`, `Origin` nor `Sec-Fetch-Site`, and without CORS headers from us it cannot
 * send `application/json`.
 */
import { BlockList, isIP } from "node:net";
import { GatewayError } from "../chat/error.ts";
import type { RequestHeaders } from "./keys.ts";

/** What is known of a caller. */
export interface Caller {
  /** The peer's address, as the socket tells it. */
  readonly remoteAddress: string | undefined;
  readonly headers: RequestHeaders;
}

const FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/** Who serves callers on its own machine only, in words. */
export interface LocalOnly {
  /** Begins the sentence. */
  readonly who: string;
  /** What others can do: a sentence. */
  readonly remedy: string;
}

const KEYLESS: LocalOnly = { who: "Without keys this Dragoman", remedy: "Configure `keys` to serve other callers." };

/**
 * Whether the caller may be served without a key.
 * @returns a GatewayError `permission` (403), or `invalid-request` for a body of another content type; `undefined`: yes.
 */
export function refuseWithoutKeys(caller: Caller): GatewayError | undefined {
  return refuseOthers(caller, KEYLESS);
}

/**
 * Whether the caller is a program on this machine.
 * @returns a GatewayError `permission` (403), or `invalid-request` for a body of another content type; `undefined`: it is.
 */
export function refuseOthers({ remoteAddress, headers }: Caller, { who, remedy }: LocalOnly): GatewayError | undefined {
  if (remoteAddress === undefined || !isLoopbackAddress(remoteAddress)) {
    return forbidden(`${who} serves callers on its own machine only. ${remedy}`);
  }
  if (!isLoopbackName(hostName(`http://${text(headers["host"])}`))) {
    return forbidden(`${who} answers to 127.0.0.1 and localhost only, not to the name in \`Host\`. ${remedy}`);
  }
  // A proxy on this machine makes everyone look local; these headers tell that it is one.
  if (FORWARDED.some((name) => headers[name] !== undefined)) {
    return forbidden(`${who} refuses requests that a proxy passes on. ${remedy}`);
  }
  const origin = headers["origin"];
  if (headers["sec-fetch-site"] === "cross-site" || (origin !== undefined && !isLoopbackName(hostName(text(origin))))) {
    return forbidden(`${who} refuses requests that a web page of another site sends. ${remedy}`);
  }
  if (hasBody(headers) && mediaType(text(headers["content-type"])) !== "application/json") {
    return new GatewayError(
      "invalid-request",
      "The content type must be application/json: send the header `content-type: application/json`.",
      { field: "content-type" },
    );
  }
  return undefined;
}

function forbidden(message: string): GatewayError {
  return new GatewayError("permission", message);
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether an address is this machine's own, mapped IPv4 (`::ffff:127.0.0.1`) included. */
function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** Whether a URL leads to this machine. */
export function isLoopbackUrl(url: string): boolean {
  return isLoopbackName(hostName(url));
}

/** Names below `.localhost` never leave the machine (RFC 6761 §6.3). */
function isLoopbackName(name: string | undefined): boolean {
  if (name === undefined) return false;
  return name === "localhost" || name.endsWith(".localhost") || isLoopbackAddress(name);
}

/** The host of a URL in lower case, without the brackets of IPv6. */
function hostName(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/^\[(.*)\]$/, "$1");
}

function hasBody(headers: RequestHeaders): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function mediaType(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

function text(value: string | readonly string[] | undefined): string {
  return typeof value === "string" ? value : (value?.join(",") ?? "");
}
