/**
 * Which call a result answers (dossier B.10; rules 5, 52, 376). Older clients send no ids: a call then gets one that
 * depends on its place, name and arguments alone, and results find theirs by name, first come first served.
 */
import { createHash } from "node:crypto";
import { writeJson, type JsonText, type JsonValue } from "../../chat/json.ts";

interface WaitingCall {
  readonly id: string;
  readonly name: string;
  readonly named: boolean;
}

export class CallPairs {
  #waiting: WaitingCall[] = [];

  /**
   * A call of the model's.
   * @param given its id, when it has one.
   * @param place where it stands among all parts.
   * @returns its id.
   */
  call(given: string | undefined, name: string, input: JsonText, place: readonly number[]): string {
    const named = given !== undefined && given !== "";
    const id = named ? given : mint([...place, name, input]);
    this.#waiting.push({ id, name, named });
    return id;
  }

  /** A result. @returns the id of its call, or of nothing when there is none. */
  result(given: string | undefined, name: string, place: readonly number[]): string {
    const named = given !== undefined && given !== "";
    const byId = named ? this.#waiting.findIndex(({ id }) => id === given) : -1;
    const found = byId >= 0 ? byId : this.#waiting.findIndex((waiting) => waiting.name === name && !(named && waiting.named));
    const [call] = found < 0 ? [] : this.#waiting.splice(found, 1);
    return call?.id ?? (named ? given : mint([...place, name]));
  }
}

function mint(place: readonly JsonValue[]): string {
  return `call_${createHash("sha256").update(writeJson(place)).digest("hex").slice(0, 24)}`;
}
