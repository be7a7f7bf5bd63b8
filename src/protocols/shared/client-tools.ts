/**
 * Tools a vendor's models know by name and the client runs: what they take, spelled out for every other model, so that
 * the client can still run them (dossier B.1). The schemas are those the vendor documents.
 */
import { asObject, asString, type JsonObject } from "../../chat/json.ts";

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

const LOCAL_SHELL: ClientToolDeclaration = {
  description: "Runs a command on the user's computer and returns its output.",
  inputSchema: {
    type: "object",
    properties: {
      command: {
        type: "array",
        items: { type: "string" },
        description: "The program and its arguments, such as `bash`, `-lc` and a line.",
      },
      working_directory: text("Where to run it."),
      env: { type: "object", additionalProperties: { type: "string" }, description: "Environment variables to set." },
      timeout_ms: integer("How long it may take, in milliseconds."),
      user: text("Who runs it."),
    },
    required: ["command"],
  },
};

const SHELL: ClientToolDeclaration = {
  description: "Runs shell commands on the user's computer and returns the output of each.",
  inputSchema: {
    type: "object",
    properties: {
      commands: { type: "array", items: { type: "string" }, description: "The commands; they may run at the same time." },
      timeout_ms: integer("How long each may take, in milliseconds."),
      max_output_length: integer("How many characters of output to return at most."),
    },
    required: ["commands"],
  },
};

const APPLY_PATCH: ClientToolDeclaration = {
  description: "Creates, changes or deletes one file.",
  inputSchema: {
    type: "object",
    properties: {
      type: { type: "string", enum: ["create_file", "update_file", "delete_file"], description: "What to do." },
      path: text("The file."),
      diff: text(
        "For `create_file` and `update_file`: a diff in the V4A format, without a header. Lines begin with `+` for new ones, `-` for those that go and a space for those around them; `@@` lines tell where in the file they are. A new file has `+` lines only.",
      ),
    },
    required: ["type", "path"],
  },
};

const TOOL_SEARCH: ClientToolDeclaration = {
  description: "Searches for further tools, which can be called from then on.",
  inputSchema: {
    type: "object",
    properties: { query: text("What the tools are to be good for."), limit: integer("How many to find at most.") },
    required: ["query"],
  },
};

/** By the vendor's type without its date. */
const DECLARATIONS: Readonly<Record<string, ClientToolDeclaration>> = {
  bash: BASH,
  text_editor: TEXT_EDITOR,
  memory: MEMORY,
  local_shell: LOCAL_SHELL,
  shell: SHELL,
  apply_patch: APPLY_PATCH,
  tool_search: TOOL_SEARCH,
};

/**
 * How to declare a vendor's client tool to a model that does not know it.
 * @param vendorType the vendor's word with its date (`bash_20250124`).
 * @param settings the caller's, some of which say themselves what the tool takes.
 * @returns `undefined` where words cannot replace training (computers, browsers).
 */
export function declareClientTool(vendorType: string, settings: JsonObject = {}): ClientToolDeclaration | undefined {
  const kind = vendorType.replace(/_\d{8}$/, "");
  const known = Object.hasOwn(DECLARATIONS, kind) ? DECLARATIONS[kind] : undefined;
  const own = asObject(settings["parameters"]);
  return known && { description: asString(settings["description"]) ?? known.description, inputSchema: own ?? known.inputSchema };
}
