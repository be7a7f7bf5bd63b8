/** How much of the machine's memory a process holds, as the mean over a while: from one moment to the next a collection of garbage takes or gives tens of megabytes. */
import { readFileSync } from "node:fs";

const readEveryMs = 250;
const pageBytes = 4096;

export class ResidentMemory {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #sum = 0;
  #count = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#read(), readEveryMs);
  }

  /** The mean in bytes since it was last asked for. */
  mean(): number {
    if (this.#count === 0) this.#read();
    const mean = this.#sum / this.#count;
    this.#sum = this.#count = 0;
    return mean;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #read(): void {
    const [, pages = "0"] = readFileSync(`/proc/${this.#pid}/statm`, "utf8").split(" ");
    this.#sum += Number(pages) * pageBytes;
    this.#count += 1;
  }
}
