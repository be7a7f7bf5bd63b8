/** What the lanes of whole answers have in common: the body is collected, and becomes the output when it has ended. */
import type { Usage } from "../chat/chat.ts";
import { GatewayError } from "../chat/error.ts";
import type { AnswerHead } from "./answer.ts";
import type { Lane, LaneOutput } from "./lane.ts";
import { WholeBody } from "./whole-body.ts";

export abstract class WholeLane implements Lane {
  abstract readonly name: Lane["name"];
  readonly errorTold = false;
  readonly finished = false;
  begun = false;
  error: GatewayError | undefined;
  usage: Usage | undefined;
  #body = new WholeBody();

  abstract open(status: number, headers: readonly string[]): AnswerHead;

  /** Another body follows. */
  goOn(): void {
    this.#body = new WholeBody();
  }

  /**
   * The client's body for the upstream's; `undefined` while more of the answer is to be had.
   * @throws GatewayError when it is no answer.
   */
  protected abstract convert(body: WholeBody): LaneOutput;

  push(chunk: Buffer): LaneOutput {
    this.error = this.#body.push(chunk);
    return undefined;
  }

  end(): LaneOutput {
    try {
      const out = this.convert(this.#body);
      this.begun = out !== undefined;
      return out;
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      this.error = thrown;
      return undefined;
    }
  }
}
