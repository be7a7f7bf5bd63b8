/**
 * Fetches what lies at a URL that a caller named. The caller may be hostile, so the request can reach public addresses
 * only: the name is resolved once, every address it has is checked, and the connection goes to these and no others. No
 * redirect is followed, nothing but a user agent is told, and size and time are limited.
 *
 * Plain http is fetched too: the content is the caller's choice and no secret of ours goes along.
 */
import { lookup } from "node:dns/promises";
import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { isPublicAddress } from "./public-address.ts";

/** An address of a host. */
export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

export interface MediaFetchOptions {
  /** Larger bodies are refused, in bytes. */
  readonly maxBytes: number;
  /** For all of it, in ms. */
  readonly timeoutMs: number;
  /** Whether addresses that are not public, and ports other than 80 and 443, may be asked. */
  readonly allowPrivate: boolean;
  readonly userAgent: string;
  /** Every address of a host; default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly HostAddress[]>;
}

/** What was there. */
export interface FetchedMedia {
  readonly bytes: Buffer;
  /** As the server labelled it, without parameters. */
  readonly mediaType?: string;
}

/** Why nothing was fetched, to end the sentence "it could not be fetched: …". Never names an address that a name resolved to. */
export class MediaFetchError extends Error {}

/** Fetches an http or https URL. @throws MediaFetchError. */
export type MediaFetch = (url: string, signal: AbortSignal) => Promise<FetchedMedia>;

/** One message for a host that is not there and for one that must not be asked, so that nobody can map the network behind us. */
const NO_PUBLIC_HOST = "its host cannot be found on the public internet";

export function createMediaFetch(options: MediaFetchOptions): MediaFetch {
  const resolve = fewAtOnce(options.resolve ?? ((host: string) => lookup(host, { all: true })));
  return async (text, signal) => {
    const url = readUrl(text, options);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
    try {
      const addresses = await until(limit, addressesOf(url.hostname, resolve, options));
      // Node has ends of a connection of which a request is told nothing, not even when it is aborted.
      return await until(limit, get(url, addresses, limit, options));
    } catch (thrown) {
      if (thrown instanceof MediaFetchError) throw thrown;
      if (limit.aborted && !signal.aborted) throw new MediaFetchError(`it took longer than ${options.timeoutMs / 1000} s`);
      const code = thrown instanceof Error && "code" in thrown ? ` (${String(thrown.code)})` : "";
      throw new MediaFetchError(`the connection failed${code}`);
    }
  };
}

/**
 * Names looked up at once. The system's resolver holds one of Node's four threads for each, as long as a hostile name
 * server likes, and connections to providers need these threads too.
 */
const MAX_LOOKUPS = 2;

function fewAtOnce<Result>(resolve: (host: string) => Promise<Result>): (host: string) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (host) => {
    if (running === MAX_LOOKUPS) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await resolve(host);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

function readUrl(text: string, { allowPrivate }: MediaFetchOptions): URL {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) throw new MediaFetchError("it is not an http or https URL");
  if (url.username !== "" || url.password !== "") throw new MediaFetchError("it holds a user name or a password");
  // The default port of a scheme is no part of a URL; the other scheme's is as harmless.
  if (!allowPrivate && url.port !== "" && url.port !== "80" && url.port !== "443") {
    throw new MediaFetchError("only the ports 80 and 443 are asked");
  }
  return url;
}

async function addressesOf(
  hostname: string,
  resolve: (host: string) => Promise<readonly HostAddress[]>,
  { allowPrivate }: MediaFetchOptions,
): Promise<readonly HostAddress[]> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host).catch(() => []) : [{ address: host, family }];
  if (addresses.length === 0) throw new MediaFetchError(NO_PUBLIC_HOST);
  if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))) throw new MediaFetchError(NO_PUBLIC_HOST);
  return addresses;
}

/** The promise, or the signal's end before it. */
function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function get(url: URL, addresses: readonly HostAddress[], signal: AbortSignal, options: MediaFetchOptions): Promise<FetchedMedia> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request: ClientRequest = send(url, {
      // A connection of its own, to the checked addresses: another lookup could tell others.
      agent: false,
      lookup: (_host, how, told) => {
        if (how.all === true) told(null, [...addresses]);
        else told(null, addresses[0]?.address ?? "", addresses[0]?.family ?? 4);
      },
      headers: { "user-agent": options.userAgent, accept: "*/*", "accept-encoding": "identity", connection: "close" },
      signal,
    });
    request.on("error", reject);
    request.once("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new MediaFetchError("its server answered HTTP 101"));
    });
    request.once("response", (response) => {
      collect(response, options.maxBytes).then(resolve, (thrown: unknown) => {
        request.destroy();
        reject(thrown);
      });
    });
    request.end();
  });
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<FetchedMedia> {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400) throw new MediaFetchError("it leads elsewhere, and redirects are not followed");
  if (statusCode !== 200) throw new MediaFetchError(`its server answered HTTP ${statusCode}`);
  if ((headers["content-encoding"] ?? "identity") !== "identity") throw new MediaFetchError("its server compressed it though asked not to");
  const tooLarge = new MediaFetchError(`it is larger than ${maxBytes} bytes`);
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  const mediaType = headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
  return { bytes: Buffer.concat(chunks), ...(mediaType !== "" && { mediaType }) };
}
