/**
 * Arguments that arrive piece by piece, each under its JSON path: Vertex with `streamFunctionCallArguments` (rule 65;
 * recordings, oddity 43).
 */
import { asArray, asNumber, asObject, asString, writeJson, type JsonObject, type JsonText, type JsonValue } from "../../../chat/json.ts";

/** One step of a path: a key or an index. */
const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g;

/** Deeper paths than any tool has. */
const MAX_DEPTH = 64;

type Node = JsonValue | Branch | Node[];
interface Branch {
  [key: string]: Node;
}

/** Builds one call's arguments. */
export class PartialArguments {
  readonly #root: Branch = branch();

  /** Takes the whole arguments that some parts bring beside pieces. */
  merge(args: JsonObject): void {
    for (const [key, value] of Object.entries(args)) if (value !== undefined) this.#root[key] = value;
  }

  /** Takes one `partialArgs` list. What cannot be placed is left out. */
  take(pieces: JsonValue | undefined): void {
    for (const piece of asArray(pieces) ?? []) {
      const fields = asObject(piece);
      const steps = fields && pathSteps(asString(fields["jsonPath"]) ?? "");
      if (!fields || !steps || steps.length === 0 || steps.length > MAX_DEPTH) continue;
      const text = asString(fields["stringValue"]);
      if (text !== undefined) this.#set(steps, text, true);
      else if (asNumber(fields["numberValue"]) !== undefined) this.#set(steps, fields["numberValue"] as JsonValue, false);
      else if (typeof fields["boolValue"] === "boolean") this.#set(steps, fields["boolValue"], false);
      else if ("nullValue" in fields) this.#set(steps, null, false);
    }
  }

  /** The arguments so far. */
  text(): JsonText {
    return writeJson(this.#root);
  }

  #set(steps: readonly (string | number)[], value: JsonValue, append: boolean): void {
    let node: Branch | Node[] = this.#root;
    for (const [i, step] of steps.entries()) {
      const key = place(node, step);
      if (key === undefined) return;
      const slot = node as Record<string | number, Node | undefined>;
      const next = steps[i + 1];
      const present = Array.isArray(node) || Object.hasOwn(node, key) ? slot[key] : undefined;
      if (next === undefined) {
        slot[key] = append && typeof present === "string" ? present + (value as string) : value;
        return;
      }
      if (typeof present === "object" && present !== null && Array.isArray(present) === (typeof next === "number")) {
        node = present as Branch | Node[];
      } else {
        node = typeof next === "number" ? [] : branch();
        slot[key] = node;
      }
    }
  }
}

/** Without a prototype, so that no key means anything special. */
function branch(): Branch {
  return Object.create(null) as Branch;
}

/** Where a step leads; a list has no holes, so an index beyond its end is its end. */
function place(node: Branch | Node[], step: string | number): string | number | undefined {
  if (!Array.isArray(node)) return String(step);
  return typeof step === "number" ? Math.min(step, node.length) : undefined;
}

/** `$.foo.bar[0]["odd key"]` as steps, or `undefined` when it is no such path. */
function pathSteps(path: string): (string | number)[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: (string | number)[] = [];
  let end = 1;
  for (const match of path.matchAll(STEP)) {
    if (match.index !== end) return undefined;
    end += match[0].length;
    const [, name, index, single, double] = match;
    steps.push(index === undefined ? (name ?? (single ?? double ?? "").replaceAll(/\\(.)/g, "$1")) : Number(index));
  }
  return end === path.length ? steps : undefined;
}
