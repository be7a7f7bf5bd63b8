/**
 * Fields that only this protocol understands, on their way through the neutral representation and back.
 *
 * A piece of content keeps what its item says beside the neutral form as `native.fields.item` (id, phase, status, whatever
 * is new), and what its part says as the other fields. Parts of one message have paths below one `input[i]`, and become one
 * message again. In `item` there are also, where the neutral form does not tell them:
 *
 * - `type`, of items other than messages, functions, free-text tools and their outputs, and reasoning;
 * - `role`, of instructions that are not a `developer`'s;
 * - `output`, of results that hold more than the neutral form does, and `tools`, of items that bring tools.
 *
 * A call that the provider ran has its whole item there. What came of it is often told in the same item: such a result has
 * native fields without `item`, and is not said again. An item without a neutral form is opaque content, whole in
 * `native.fields`. Tools of the provider's and typed tools of the client's have their wire `type` in `native.fields`. The
 * request's `instructions` are the system item whose path is `instructions`.
 */
import type { Native } from "../../chat/chat.ts";
import { asObject, type JsonObject } from "../../chat/json.ts";
import { PROTOCOL } from "./wire.ts";

/** Spread into a node: its native fields, when there are any. */
export function nativeOf(fields: JsonObject | undefined): { native?: Native } {
  return fields && Object.keys(fields).length > 0 ? { native: { protocol: PROTOCOL, fields } } : {};
}

/** The native fields when they are this protocol's own. */
export function ownFields(native: Native | undefined): JsonObject | undefined {
  return native?.protocol === PROTOCOL ? native.fields : undefined;
}

/** What the item of a piece of content says beside the neutral form, when it is this protocol's own. */
export function ownItem(native: Native | undefined): JsonObject | undefined {
  return asObject(ownFields(native)?.["item"]);
}

/** What its part says beside it. */
export function ownPart(native: Native | undefined): JsonObject {
  const { item: _item, ...part } = ownFields(native) ?? {};
  return part;
}
