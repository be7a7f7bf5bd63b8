/** The grammar of a Messages stream: what must follow what (dossier A.1.4). */
import { jsonOf, wireEvents } from "./sse.ts";

const DELTAS: Readonly<Record<string, readonly string[]>> = {
  text: ["text_delta", "citations_delta"],
  thinking: ["thinking_delta", "signature_delta"],
  redacted_thinking: [],
  tool_use: ["input_json_delta"],
};

type Fields = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What is wrong with a stream that should have ended well, in words. */
export function messagesGrammar(text: string): string[] {
  const wrong: string[] = [];
  const open: { index: number; type: string }[] = [];
  let next = 0;
  let place: "before" | "content" | "ended" | "stopped" = "before";
  for (const event of wireEvents(text)) {
    if (event.comment) continue;
    const body = jsonOf(event);
    if (body === undefined) {
      wrong.push(`an event is not JSON: ${event.data.slice(0, 60)}`);
      continue;
    }
    const type = String(body["type"]);
    const fields = body as Fields;
    if (event.name !== type) wrong.push(`event ${event.name} holds type ${type}`);
    if (place === "stopped") wrong.push(`${type} after message_stop`);
    if (place === "before" && type !== "message_start" && type !== "ping") wrong.push(`${type} before message_start`);
    const block = open.at(-1);
    switch (type) {
      case "message_start":
        if (place !== "before") wrong.push("a second message_start");
        place = "content";
        break;
      case "content_block_start":
        if (block !== undefined) wrong.push(`block ${Number(body["index"])} starts inside block ${block.index}`);
        if (body["index"] !== next) wrong.push(`block ${Number(body["index"])} where ${next} was due`);
        next += 1;
        open.push({ index: Number(body["index"]), type: String(fields["content_block"]?.["type"]) });
        break;
      case "content_block_delta": {
        const kind = String(fields["delta"]?.["type"]);
        if (block === undefined || block.index !== body["index"])
          wrong.push(`a delta for block ${Number(body["index"])}, which is not open`);
        else if (DELTAS[block.type]?.includes(kind) === false) wrong.push(`${kind} in a block of type ${block.type}`);
        break;
      }
      case "content_block_stop":
        if (block?.index !== body["index"]) wrong.push(`the end of block ${Number(body["index"])}, which is not open`);
        open.pop();
        break;
      case "message_delta":
        if (block !== undefined) wrong.push(`message_delta inside block ${block.index}`);
        if (typeof fields["delta"]?.["stop_reason"] !== "string") wrong.push("message_delta without stop_reason");
        place = "ended";
        break;
      case "message_stop":
        if (place !== "ended") wrong.push("message_stop without message_delta");
        place = "stopped";
        break;
      case "ping":
        break;
      default:
        wrong.push(`an event of type ${type}`);
    }
  }
  if (place !== "stopped") wrong.push("no message_stop");
  return wrong;
}

/** Pings and comments in the stream. */
export function messagesHeartbeats(text: string): number {
  return wireEvents(text).filter((event) => event.comment || event.name === "ping").length;
}
