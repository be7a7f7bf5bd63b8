/** One WebSocket as what is sent to it sees it: frames out, whether the client keeps up, and whether it is still there. */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** A client is asked for a sign of life this often, in ms. */
const PING_MS = 30_000;
/** So many questions in a row may stay without an answer; some clients work for long before they look at their sockets. */
const MAX_UNANSWERED = 4;

export class WebSocketLine {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  /** Kept here, because so many listeners on one emitter would look like a leak. */
  readonly #leaving = new Set<() => void>();
  #draining: (() => void)[] = [];
  #unanswered = 0;
  #unsent = 0;

  /**
   * @param socket what the frames go through.
   * @param pingMs time between two questions for a sign of life.
   */
  constructor(webSocket: WebSocket, socket: Duplex, pingMs = PING_MS) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    const watch = setInterval(() => this.#watch(), pingMs);
    const heard = (): void => void (this.#unanswered = 0);
    webSocket.on("pong", heard);
    webSocket.on("message", heard);
    // What is wrong with a frame, or with the connection: the close that follows is all that matters.
    webSocket.on("error", () => undefined);
    webSocket.once("close", () => {
      clearInterval(watch);
      for (const listener of this.#leaving) listener();
      this.#leaving.clear();
    });
    socket.on("drain", () => {
      const waiting = this.#draining;
      this.#draining = [];
      for (const listener of waiting) listener();
    });
  }

  /** Whether no frame reaches the client any more. */
  get closed(): boolean {
    return this.#webSocket.readyState !== this.#webSocket.OPEN;
  }

  /** Whether the client reads slower than frames come; {@link onDrain} tells when it has caught up. */
  get congested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Sends a text frame; to nobody when nobody is there. */
  send(frame: string): void {
    if (!this.closed) this.#webSocket.send(frame);
  }

  /** Sends text frames at once: a write for each costs ten times what the rest does. */
  sendAll(frames: readonly string[]): void {
    this.#socket.cork();
    for (const frame of frames) this.send(frame);
    this.#socket.uncork();
  }

  /** Calls back once when the connection has closed; the function it returns takes that back. */
  onClose(listener: () => void): () => void {
    this.#leaving.add(listener);
    return () => void this.#leaving.delete(listener);
  }

  onDrain(listener: () => void): void {
    this.#draining.push(listener);
  }

  /** Takes no more frames from a client that has fallen behind, until it has caught up: each could add to what it has not read. */
  waitForReader(): void {
    if (!this.congested || this.#webSocket.isPaused) return;
    this.#webSocket.pause();
    this.onDrain(() => this.#webSocket.resume());
  }

  /** Says goodbye. @param code see RFC 6455 §7.4. */
  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
  }

  /** Ends the connection as it stands. */
  cut(): void {
    this.#webSocket.terminate();
  }

  /** Whoever neither answers nor reads is gone, though nothing says so. */
  #watch(): void {
    const { bufferedAmount } = this.#webSocket;
    if (bufferedAmount < this.#unsent) this.#unanswered = 0;
    this.#unsent = bufferedAmount;
    if (this.#unanswered >= MAX_UNANSWERED) return this.cut();
    this.#unanswered += 1;
    this.#webSocket.ping();
  }
}
