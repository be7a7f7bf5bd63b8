/**
 * Media at URLs that a target does not fetch by itself: the gateway fetches them before it encodes, so that no image is
 * ever left out (rules 170, 171). The bytes are kept while the conversation goes on, because its history must stay the
 * same when what lies at the URL does not.
 */
import { LRUCache } from "lru-cache";
import type { ChatRequest, Content, Item, MediaContent, MediaSource } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import { sniffMediaType } from "../protocols/shared/media-bytes.ts";
import type { Profile } from "../protocols/profile.ts";
import type { UpstreamSide } from "../protocols/protocol.ts";
import { MediaFetchError, type FetchedMedia, type MediaFetch } from "../wire/media-fetch.ts";

/** Kept for this long after the last request that needed it, in ms. */
const KEPT_MS = 3_600_000;
/** Kept at once, in characters of base64 and of the addresses. */
const MAX_KEPT_CHARS = 134_217_728;
/** Fetched at once for one request. */
const MAX_PARALLEL = 4;
/** Fetched for one request: more than most models take, and too few to harm whoever is asked. */
const MAX_FETCHED = 500;

/** One medium of a request that has to be fetched. */
export interface WantedMedia {
  /** Where it stands in the caller's body. */
  readonly path: string;
  readonly url: string;
  readonly media: MediaContent;
}

/** What stands in a medium's place, by its URL. */
export type InlineMedia = ReadonlyMap<string, Pick<MediaContent, "mediaType" | "source">>;

/** What of a request has to be fetched before it can be encoded for this model. */
export function wantedMedia(request: ChatRequest, profile: Profile, upstream: UpstreamSide): readonly WantedMedia[] {
  const wanted: WantedMedia[] = [];
  const look = (content: Content, path: string): void => {
    if (content.type === "tool-result") return content.content.forEach((inner, i) => look(inner, `${path}.content[${i}]`));
    if (content.type !== "media") return undefined;
    const { source, kind } = content;
    if ("content" in source) return source.content.forEach((inner, i) => look(inner, `${path}.source.content[${i}]`));
    if (!("url" in source) || !/^https?:/i.test(source.url) || profile.media?.includes(kind) === false) return undefined;
    const itself = (profile.fetches.includes(kind) && /^https:/i.test(source.url)) || upstream.fetchesUrl?.(source.url) === true;
    if (!itself) wanted.push({ path, url: source.url, media: content });
  };
  for (const item of request.system) look(item, item.path);
  for (const item of request.items) look(item, item.path);
  return wanted;
}

/** The request with these media in their places; what is not among them stays as it was. */
export function withInlineMedia(request: ChatRequest, inline: InlineMedia): ChatRequest {
  const place = <Piece extends Content>(content: Piece): Piece => {
    if (content.type === "tool-result") return { ...content, content: content.content.map(place) };
    if (content.type !== "media") return content;
    const { source } = content;
    if ("content" in source) return { ...content, source: { content: source.content.map(place) } };
    return "url" in source ? { ...content, ...inline.get(source.url) } : content;
  };
  return { ...request, system: request.system.map(place<Item>), items: request.items.map(place<Item>) };
}

/** The media of one request, as far as they had to be fetched. */
export class RequestMedia {
  readonly #store: MediaStore;
  readonly #owner: string;
  #fetched: InlineMedia = new Map();

  /** @param owner who asks. */
  constructor(store: MediaStore, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  /** What has to be fetched before the request can be encoded for this model. */
  missing(request: ChatRequest, profile: Profile, upstream: UpstreamSide): readonly WantedMedia[] {
    return wantedMedia(request, profile, upstream).filter(({ url }) => !this.#fetched.has(url));
  }

  /** @throws GatewayError as {@link MediaStore.fetchAll}. */
  async fetch(missing: readonly WantedMedia[], signal: AbortSignal): Promise<void> {
    const fetched = await this.#store.fetchAll(this.#owner, missing, signal);
    this.#fetched = new Map([...this.#fetched, ...fetched]);
  }

  /** The request with the bytes of what this model does not fetch itself. */
  inline(request: ChatRequest, profile: Profile, upstream: UpstreamSide): ChatRequest {
    if (this.#fetched.size === 0) return request;
    const wanted = new Set(wantedMedia(request, profile, upstream).map(({ url }) => url));
    return withInlineMedia(request, new Map([...this.#fetched].filter(([url]) => wanted.has(url))));
  }
}

/** A fetched file as it is kept. */
interface Kept {
  readonly base64: string;
  /** As its server labelled it. */
  readonly label?: string;
}

/** Fetches media, and keeps them. */
export class MediaStore {
  #fetch: MediaFetch;
  #maxBytes: number;
  readonly #kept = new LRUCache<string, Kept>({
    maxSize: MAX_KEPT_CHARS,
    sizeCalculation: ({ base64 }, key) => base64.length + key.length,
    ttl: KEPT_MS,
    updateAgeOnGet: true,
  });

  /** @param maxBytes what all media of one request may have together. */
  constructor(fetch: MediaFetch, maxBytes: number) {
    this.#fetch = fetch;
    this.#maxBytes = maxBytes;
  }

  /** Fetches otherwise from now on; what is kept stays. */
  configure(fetch: MediaFetch, maxBytes: number): void {
    this.#fetch = fetch;
    this.#maxBytes = maxBytes;
  }

  /**
   * Everything that is wanted, from memory where it is there.
   * @param owner who asks: nobody is given what was fetched for another.
   * @throws GatewayError `invalid-request` naming the part that could not be fetched, and why.
   */
  async fetchAll(owner: string, wanted: readonly WantedMedia[], signal: AbortSignal): Promise<InlineMedia> {
    const stop = new AbortController();
    const limit = AbortSignal.any([signal, stop.signal]);
    const files = new Map<string, Kept>();
    const queue = [...new Map(wanted.map((one) => [one.url, one])).values()];
    const beyond = queue.filter(({ url }) => !this.#kept.has(keyOf(owner, url)))[MAX_FETCHED];
    if (beyond) throw failure(beyond, `more than ${MAX_FETCHED} files would have to be`);
    let bytes = 0;
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const file = await this.#file(owner, next, limit);
        bytes += (file.base64.length / 4) * 3;
        if (bytes > this.#maxBytes) throw failure(next, `the files of this request have more than ${this.#maxBytes} bytes together`);
        files.set(next.url, file);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(MAX_PARALLEL, queue.length) }, work));
    } finally {
      stop.abort();
    }
    return new Map(wanted.map((one) => [one.url, inlined(one, files.get(one.url) as Kept)]));
  }

  async #file(owner: string, wanted: WantedMedia, signal: AbortSignal): Promise<Kept> {
    const key = keyOf(owner, wanted.url);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const fetched = await this.#fetch(wanted.url, signal).catch((thrown: unknown) => {
      throw thrown instanceof MediaFetchError ? failure(wanted, thrown.message) : thrown;
    });
    const file = toKept(fetched);
    this.#kept.set(key, file);
    return file;
  }
}

function keyOf(owner: string, url: string): string {
  return `${owner}\n${url}`;
}

function toKept({ bytes, mediaType }: FetchedMedia): Kept {
  return { base64: bytes.toString("base64"), ...(mediaType !== undefined && { label: mediaType }) };
}

/** Says that it is bytes, and no more. */
const NO_LABEL = "application/octet-stream";

const TYPES: Readonly<Record<MediaContent["kind"], RegExp>> = {
  image: /^image\//,
  audio: /^audio\//,
  video: /^video\//,
  document: /^(?:application|text)\//,
};

/** The bytes in the medium's place, under the type they have rather than the one they are said to have (rule 168). */
function inlined(wanted: WantedMedia, { base64, label }: Kept): { readonly mediaType: string; readonly source: MediaSource } {
  const { kind, mediaType: said } = wanted.media;
  if (base64 === "") throw failure(wanted, "it is empty");
  const mediaType = sniffMediaType(base64) ?? (label === NO_LABEL ? undefined : label) ?? said;
  if (mediaType === undefined) throw failure(wanted, "nothing says of what type it is");
  // An error page in place of the picture.
  if (!TYPES[kind].test(mediaType)) throw failure(wanted, `it is ${mediaType}`);
  if (kind !== "document" || !mediaType.startsWith("text/")) return { mediaType, source: { base64 } };
  return { mediaType, source: { text: Buffer.from(base64, "base64").toString("utf8") } };
}

function failure({ path, media }: WantedMedia, why: string): GatewayError {
  return new GatewayError("invalid-request", `${path}: the ${media.kind} at this URL could not be fetched: ${why}.`, {
    field: path,
    shouldRetry: false,
  });
}
