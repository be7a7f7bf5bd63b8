/** An answer that goes out as an HTTP response. */
import type { ServerResponse } from "node:http";
import type { GatewayError } from "../chat/error.ts";
import { Answer, streamHeaders, type AnswerHead } from "../pipeline/answer.ts";
import type { ClientRoute, ClientSide } from "../protocols/protocol.ts";

/** More than this, once everything has been said, is memory that the client's reading frees; in bytes. */
const MUCH_UNREAD = 262_144;
/** So long may nothing of it be read, in ms. */
const MAX_UNREAD_MS = 120_000;

export class HttpAnswer extends Answer {
  readonly #response: ServerResponse;

  /** @param route absent when the path is nobody's. */
  constructor(response: ServerResponse, client: ClientSide, route: ClientRoute | undefined, requestId: string) {
    super(client, route, requestId);
    this.#response = response;
  }

  get started(): boolean {
    return this.#response.headersSent;
  }

  get left(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished;
  }

  get ended(): boolean {
    return this.#response.writableEnded || this.#response.destroyed;
  }

  onLeave(listener: () => void): () => void {
    const closed = (): void => {
      if (!this.#response.writableFinished) listener();
    };
    if (this.left) listener();
    else this.#response.once("close", closed);
    return () => void this.#response.off("close", closed);
  }

  onDrain(listener: () => void): void {
    this.#response.once("drain", listener);
  }

  protected sendHead(head: AnswerHead): void {
    const { status, headers } = head;
    // Proxies in front of us must not collect a stream before they pass it on (rule 325).
    const streaming = this.streaming && status === 200 ? ["cache-control", "no-cache", "x-accel-buffering", "no"] : [];
    this.#response.writeHead(status, [...headers, ...streaming, ...this.ownHeaders(head)]);
  }

  protected send(bytes: Buffer | string): boolean {
    return this.#response.write(bytes);
  }

  protected sendWhole({ status, headers }: AnswerHead, body: Buffer | string): void {
    if (!this.started) this.sendHead({ status, headers: [...headers, "content-length", String(Buffer.byteLength(body))] });
    this.finish(body);
  }

  protected sendHeartbeat(): void {
    if (!this.started) this.sendHead({ status: 200, headers: streamHeaders(this.style) });
    if (!this.#response.writableNeedDrain) this.#response.write(this.style.heartbeat);
  }

  protected finish(bytes: Buffer | string): void {
    this.#response.end(bytes);
    if (this.#response.writableLength > MUCH_UNREAD) this.#response.setTimeout(MAX_UNREAD_MS, () => this.#response.destroy());
  }

  protected finishBroken(error: GatewayError): void {
    this.finish(this.style.error(error, this.requestId, this.begun, this.lane?.place));
  }

  protected cut(): void {
    this.#response.destroy();
  }
}
