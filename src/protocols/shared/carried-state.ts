/** Opaque state that came in a carrier, on its way to what it belongs to, within one turn of the model's (dossier rules 141, 143). */
import type { Content } from "../../chat/chat.ts";
import type { OpaqueState, StateEnvelope } from "../../chat/state.ts";

/** Pairs carriers with the items behind them. */
export class CarriedState {
  #forCall: OpaqueState | undefined;
  #forText: OpaqueState | undefined;

  /** Takes what a carrier brought. @returns the item that it stands for itself: an empty text, for state of one. */
  take({ state, binds }: StateEnvelope): Content[] {
    switch (binds) {
      case "next-call":
        this.#forCall = state;
        return [];
      case "next-text":
        this.#forText = state;
        return [];
      case "alone":
        return [{ type: "text", text: "", state }];
      case "self":
        return [];
    }
  }

  /** An item with the state that was carried to it. */
  attach(item: Content): Content {
    if (item.type === "tool-call" && this.#forCall) {
      const state = this.#forCall;
      this.#forCall = undefined;
      return { ...item, state };
    }
    if (item.type === "text" && this.#forText) {
      const state = this.#forText;
      this.#forText = undefined;
      return { ...item, state };
    }
    return item;
  }
}
