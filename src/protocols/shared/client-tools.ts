/**
 * Tools a vendor's models know by name and the client runs: what they take, spelled out for every other model, so that
 * the client can still run them (dossier B.1). The schemas are those the vendor documents.
 */
import type { JsonObject } from "../../chat/json.ts";

/** A tool as any model can be told of it. */
export interface ClientToolDeclaration {
  readonly description: string;
  readonly inputSchema: JsonObject;
}

const text = (description: string): JsonObject => ({ type: "string", description });
const integer = (description: string): JsonObject => ({ type: "integer", description });

const BASH: ClientToolDeclaration = {
  description: "Runs a command in a persistent bash session and returns its output.",
  inputSchema: {
    type: "object",
    properties: {
      command: text("The command to run. Required unless the session is restarted."),
      restart: { type: "boolean", description: "True to restart the session." },
    },
  },
};

const VIEW_RANGE: JsonObject = {
  type: "array",
  items: { type: "integer" },
  description: "For `view` of a file: first and last line, the last may be -1 for the end.",
};

const TEXT_EDITOR: ClientToolDeclaration = {
  description: "Views, creates and edits text files.",
  inputSchema: {
    type: "object",
    properties: {
      command: { type: "string", enum: ["view", "create", "str_replace", "insert"], description: "What to do." },
      path: text("The file or directory."),
      file_text: text("For `create`: the whole content."),
      old_str: text("For `str_replace`: the text to replace, which must occur exactly once."),
      new_str: text("For `str_replace`: the new text."),
      insert_line: integer("For `insert`: the line after which the text goes; 0 for the beginning."),
      insert_text: text("For `insert`: the text."),
      view_range: VIEW_RANGE,
    },
    required: ["command", "path"],
  },
};

const MEMORY: ClientToolDeclaration = {
  description: "Keeps notes in files below /memories, across conversations.",
  inputSchema: {
    type: "object",
    properties: {
      command: { type: "string", enum: ["view", "create", "str_replace", "insert", "delete", "rename"], description: "What to do." },
      path: text("The file or directory, below /memories."),
      file_text: text("For `create`: the whole content."),
      old_str: text("For `str_replace`: the text to replace."),
      new_str: text("For `str_replace`: the new text."),
      insert_line: integer("For `insert`: the line after which the text goes; 0 for the beginning."),
      insert_text: text("For `insert`: the text."),
      old_path: text("For `rename`: the present path."),
      new_path: text("For `rename`: the new path."),
      view_range: VIEW_RANGE,
    },
    required: ["command"],
  },
};

/** By the vendor's type without its date. */
const DECLARATIONS: Readonly<Record<string, ClientToolDeclaration>> = { bash: BASH, text_editor: TEXT_EDITOR, memory: MEMORY };

/**
 * How to declare a vendor's client tool to a model that does not know it.
 * @param vendorType the vendor's word with its date (`bash_20250124`).
 * @returns `undefined` where words cannot replace training (computers, browsers).
 */
export function declareClientTool(vendorType: string): ClientToolDeclaration | undefined {
  const kind = vendorType.replace(/_\d{8}$/, "");
  return Object.hasOwn(DECLARATIONS, kind) ? DECLARATIONS[kind] : undefined;
}
