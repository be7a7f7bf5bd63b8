/** What all connections remember of their answers: each so much, and all together no more than the process has room for. */
import { MemoryRecords } from "../storage/memory-records.ts";

/** In bytes; a connection whose conversation is forgotten is told so, and its client sends all of it again. */
const MAX_BYTES = 512 * 1_048_576;

export class ConnectionMemories {
  readonly #maxBytes: number;
  /** Those not used for longest first. */
  readonly #memories = new Set<MemoryRecords>();

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** @param maxBytes the most that one connection remembers. */
  open(maxBytes: number): MemoryRecords {
    const memory = new MemoryRecords({ ttlMs: Infinity, maxBytes });
    this.#memories.add(memory);
    return memory;
  }

  /** A connection has used its memory; where there is too much, those are emptied that were not used for longest. */
  used(memory: MemoryRecords): void {
    // One that was closed meanwhile stays so.
    if (!this.#memories.delete(memory)) return memory.close();
    this.#memories.add(memory);
    let bytes = [...this.#memories].reduce((sum, one) => sum + one.bytes, 0);
    for (const oldest of this.#memories) {
      if (bytes <= this.#maxBytes || oldest === memory) return;
      bytes -= oldest.bytes;
      oldest.close();
    }
  }

  close(memory: MemoryRecords): void {
    this.#memories.delete(memory);
    memory.close();
  }
}
