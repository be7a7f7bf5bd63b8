/** What reading an item needs to know of the request around it. */
import type { Content } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { StateSealer } from "../../../chat/state.ts";
import { CarriedState } from "../../shared/carried-state.ts";
import { PROTOCOL } from "../wire.ts";
import type { Placed } from "./content-decode.ts";
import { ToolReader } from "./tools-decode.ts";

/** Follows the items of one request, in order. */
export class ItemContext {
  readonly tools = new ToolReader();
  readonly sealer: StateSealer;
  /** State for an item of the same turn. */
  carried = new CarriedState();
  /** Calls of a shell that the provider ran: their outputs are its own. */
  readonly hostedShells = new Set<string>();
  /** The id of the last search for tools that the provider made. */
  hostedSearch = "";

  constructor(sealer: StateSealer) {
    this.sealer = sealer;
  }
}

/** Who says an item. `result`: a tool that the client ran. */
export type Speaker = "assistant" | "result" | "user" | "system";

/** What an item says. */
export interface DecodedItem {
  readonly speaker: Speaker;
  readonly placed: readonly Placed[];
}

/** Reads one item. @throws GatewayError `invalid-request`, naming the field. */
export type ItemDecoder = (item: JsonObject, path: string, context: ItemContext) => DecodedItem;

/** An item that is one piece of content. */
export function oneItem(speaker: Speaker, content: Content, path: string): DecodedItem {
  return { speaker, placed: [{ content, path }] };
}

/** An item that nobody else has a word for. */
export function opaqueItem(speaker: Speaker, item: JsonObject, name: string, path: string): DecodedItem {
  return oneItem(speaker, { type: "opaque", name, native: { protocol: PROTOCOL, fields: item } }, path);
}
