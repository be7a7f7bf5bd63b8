/** Cache marks within the wire's law: at most four, and none kept longer than one before it (A.1.2, A.1.6; rule 428). */
import { asArray, asObject, isObject, type JsonObject, type JsonValue } from "../../../chat/json.ts";
import type { LossLedger } from "../../../chat/loss.ts";

const MAX_MARKS = 4;

/** The parts of a body that marks stand in, in the order of the prompt. */
export interface MarkedBody extends JsonObject {
  readonly tools?: readonly JsonObject[];
  readonly system?: readonly JsonObject[];
  readonly messages: readonly JsonObject[];
}

/** The body with its last four marks, an hour's after a shorter one shortened. Marks are no content: history stays the same. */
export function limitCacheMarks<Body extends MarkedBody>(body: Body, losses: LossLedger): Body {
  const count = countMarks([body.tools, body.system, body.messages]);
  if (count === 0) return body;
  const keeper = new MarkKeeper(count - MAX_MARKS, losses);
  const tools = body.tools && keeper.each(body.tools, "tools");
  const system = body.system && keeper.each(body.system, "system");
  return { ...body, ...(tools && { tools }), ...(system && { system }), messages: keeper.each(body.messages, "messages") };
}

function countMarks(value: JsonValue | undefined | readonly (JsonValue | undefined)[]): number {
  if (Array.isArray(value)) return value.reduce((sum: number, part: JsonValue) => sum + countMarks(part), 0);
  if (!isObject(value)) return 0;
  return (isObject(value["cache_control"]) ? 1 : 0) + countMarks(value["content"]);
}

class MarkKeeper {
  #surplus: number;
  #short = false;
  readonly #losses: LossLedger;

  constructor(surplus: number, losses: LossLedger) {
    this.#surplus = surplus;
    this.#losses = losses;
  }

  each(nodes: readonly JsonValue[], path: string): JsonObject[] {
    return nodes.map((node, i) => this.#node(asObject(node) ?? {}, `${path}[${i}]`));
  }

  /** Inner marks stand before the mark of what holds them. */
  #node(node: JsonObject, path: string): JsonObject {
    const content = asArray(node["content"]);
    const mark = asObject(node["cache_control"]);
    const inner = content && countMarks(content) > 0 ? { ...node, content: this.each(content, `${path}.content`) } : node;
    return mark ? this.#mark(inner, mark, path) : inner;
  }

  #mark(node: JsonObject, mark: JsonObject, path: string): JsonObject {
    if (this.#surplus > 0) {
      this.#surplus -= 1;
      this.#losses.add("cache-mark", path, "info");
      const { cache_control: _mark, ...rest } = node;
      return rest;
    }
    if (mark["ttl"] !== "1h") this.#short = true;
    else if (this.#short) return { ...node, cache_control: { ...mark, ttl: "5m" } };
    return node;
  }
}
