/**
 * What the item of a `local_shell` call says beside what the model asked for: a type and an environment, without which the
 * vendor's API takes none. Other models are told of no type, and each is to see its call as it made it (rule 90).
 */
import { asObject, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { leftover } from "../shared/leftover.ts";

/** What the item says is to be done, for what the model asked for. */
export function localShellAction(input: JsonValue): JsonObject {
  const asked = asObject(input) ?? {};
  return { type: "exec", ...asked, env: asObject(asked["env"]) ?? {} };
}

/** What the model asked for; of an environment without variables nobody can tell whether it did. */
export function localShellInput(action: JsonValue): JsonObject {
  const said = asObject(action) ?? {};
  const variables = Object.keys(asObject(said["env"]) ?? {});
  return leftover(said, variables.length === 0 ? ["type", "env"] : ["type"]);
}
