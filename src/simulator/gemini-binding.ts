/**
 * What Gemini's signatures are bound to here: the instructions, the tools and every content before them, and the part that
 * they stand on. Google checks the key and the model (dossier A.4.3, rule 140) and is not known to check the rest: where state
 * is strict the simulator does, so that what is bound to a prefix elsewhere is seen to be kept here too. Thoughts without a
 * signature are no content, and ids are bookkeeping: models before the third generation have none, and clients make them up.
 */
import type { BoundConversation, PieceSink } from "./binding-conversation.ts";
import { fieldsOf, listOf, textOf, type Fields } from "./json-values.ts";
import { invalid } from "./vendor-error.ts";

/** The role of the one who answers. */
export const ANSWERER = "model";

/** What a client puts where a call was not made by this model; taken on the first call of a content only. */
const SENTINELS = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

/** The members of a part that are content, but for its text. */
const CONTENT = ["inlineData", "fileData", "executableCode", "codeExecutionResult", "toolCall", "toolResponse"];

/** Reads the whole prompt into the conversation and checks the signatures in it. @param body as `readBody` returned it. */
export function readState(body: Fields, conversation: BoundConversation): void {
  for (const tool of listOf(body["tools"])) conversation.piece("tools", tool);
  for (const part of partsIn(body["systemInstruction"])) addPart(conversation, "instructions", part);
  for (const [index, content] of listOf(body["contents"]).map(fieldsOf).entries()) {
    const role = content["role"] === ANSWERER ? ANSWERER : "user";
    const parts = partsIn(content);
    const firstCall = parts.findIndex((part) => part["functionCall"] !== undefined);
    for (const [position, part] of parts.entries()) {
      conversation.path = `contents[${index}].parts[${position}]`;
      addPart(conversation, role, part);
      const signature = textOf(part["thoughtSignature"]);
      if (signature !== "") takeSignature(conversation, role, signature, position === firstCall);
    }
  }
}

/** Adds what a part says, without its signature. */
export function addPart(sink: PieceSink, role: string, part: Fields): void {
  if (part["thought"] === true) return;
  const { functionCall: call, functionResponse: response } = part;
  if (part["text"] !== undefined) sink.text(role, textOf(part["text"]));
  else if (call !== undefined) sink.piece(role, { call: fieldsOf(call)["name"], args: fieldsOf(call)["args"] ?? {} });
  else if (response !== undefined) {
    const { name, response: result, parts } = fieldsOf(response);
    sink.piece(role, { response: name, result, parts });
  } else for (const member of CONTENT) if (part[member] !== undefined) sink.piece(role, { [member]: part[member] });
}

function takeSignature(conversation: BoundConversation, role: string, signature: string, onFirstCall: boolean): void {
  if (onFirstCall && SENTINELS.includes(signature)) return conversation.standIn(role, signature);
  const flaw = conversation.state(role, { kind: "part", signed: "", value: signature });
  if (flaw === undefined || (flaw === "prefix" && !conversation.strict)) return;
  conversation.refuse(flaw);
  throw invalid("Corrupted thought signature.");
}

function partsIn(content: unknown): readonly Fields[] {
  return listOf(fieldsOf(content)["parts"]).map(fieldsOf);
}
