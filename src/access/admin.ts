/** Who may use the admin API: programs on this machine that have the admin key, which is no virtual key. */
import { hash, timingSafeEqual } from "node:crypto";
import { GatewayError } from "../chat/error.ts";
import { presentedKeys, type KeyRing } from "./keys.ts";
import { refuseOthers, type Caller, type LocalOnly } from "./origin.ts";

const ADMIN_API: LocalOnly = {
  who: "The admin API",
  remedy: "Ask it on the machine where Dragoman runs, or through a tunnel such as `ssh -L 8317:127.0.0.1:8317`.",
};

const WHERE_IT_IS =
  "Where Dragoman runs it is in DRAGOMAN_ADMIN_KEY, else in $DRAGOMAN_HOME/admin.key; send it as `Authorization: Bearer …` or `x-api-key`.";

const NO_QUERY = new URLSearchParams();

/**
 * A function that tells why a caller may not use the admin API: `undefined`: it may.
 * @param key the admin key.
 * @returns a function that takes the virtual keys of the moment and gives a GatewayError: `permission` (403) for callers from
 *   elsewhere, `unauthenticated` (401) without the key. It never repeats what was sent.
 */
export function createAdminAccess(key: string): (caller: Caller, virtualKeys: KeyRing | undefined) => GatewayError | undefined {
  const wanted = hash("sha256", key, "buffer");
  return (caller, virtualKeys) => {
    const elsewhere = refuseOthers(caller, ADMIN_API);
    if (elsewhere) return elsewhere;
    const presented = presentedKeys(caller.headers);
    const isVirtual = (key: string): boolean => !(virtualKeys?.identify({ "x-api-key": key }, NO_QUERY) instanceof GatewayError);
    const isAdmin = presented.some((key) => timingSafeEqual(hash("sha256", key, "buffer"), wanted));
    if (isAdmin && (virtualKeys === undefined || !isVirtual(key))) return undefined;
    if (isAdmin) return refused("The admin key is a virtual key too, so it opens nothing here: set another DRAGOMAN_ADMIN_KEY.");
    if (presented.length === 0) return refused(`The admin API asks for the admin key. ${WHERE_IT_IS}`);
    if (virtualKeys !== undefined && presented.some(isVirtual)) {
      return refused(`A virtual key is not the admin key. ${WHERE_IT_IS}`);
    }
    return refused(`This is not the admin key. ${WHERE_IT_IS}`);
  };
}

function refused(message: string): GatewayError {
  return new GatewayError("unauthenticated", message);
}
