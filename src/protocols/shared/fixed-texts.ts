/**
 * The words that stand for content a protocol has no form for. They are the same in every protocol and every replay, so
 * that the same history always gives the same bytes (dossier rules 4, 7). Changing one breaks running conversations.
 */
import type {
  HostedToolCallContent,
  HostedToolResultContent,
  MediaContent,
  SearchResultContent,
  ToolChangeContent,
} from "../../chat/chat.ts";

/** The user's turn before a history that begins with the model (rules 15, 28). */
export const OPENING_TEXT = "(The conversation continues.)";

/** A tool's result that says nothing (rule 77). */
export const NO_OUTPUT_TEXT = "(no output)";

/** The result of a call that was never answered (rules 25, 89); an error. */
export const NO_RESULT_TEXT = "no result";

/** Before the text of a result that is an error, where the wire has no field for that (rule 78). */
export const TOOL_ERROR_PREFIX = "[tool error] ";

/** Text in the operator's name inside the conversation, where the target has no such role there (rules 17, 19). */
export function reminder(text: string): string {
  return `<system-reminder>\n${text}\n</system-reminder>`;
}

/**
 * Stands before the content of a result whose call is not in the step before it (rule 26).
 * @param tool the tool's name, or the call's id where nobody knows.
 */
export function orphanHeading(tool: string, isError: boolean): string {
  return `Result of the tool call ${tool}${isError ? " (an error)" : ""}:`;
}

/** What a loaded tool's reference says (rule 408). */
export function toolLoadedText(name: string): string {
  return `Tool ${name} loaded.`;
}

/** What a change of the offered tools says; to be put into a {@link reminder}. */
export function toolChangeText({ change, tools }: ToolChangeContent): string {
  return `Tools ${change === "add" ? "now available" : "no longer available"}: ${tools.join(", ")}.`;
}

/** A search hit with its title and source (rule 180). */
export function searchResultText({ title, source, content }: SearchResultContent): string {
  return [title, source, "", ...content.map(({ text }) => text)].join("\n");
}

/** A call that a provider made itself, for others (rule 93). */
export function hostedCallText({ name, input }: HostedToolCallContent): string {
  return `[${name}] ${input}`;
}

/** What a provider's own tool found, for others (rule 93). */
export function hostedResultText({ kind, text, sources = [] }: HostedToolResultContent): string {
  const named = sources.map(({ title, url }) => [title, url].filter((part) => part !== undefined).join(": "));
  const lines = text === "" ? named : [text, ...named.filter((line) => !text.includes(line))];
  return [`[${kind} result]`, ...lines].join("\n");
}

/** The title and context of a document, for protocols that have no fields for them; possibly empty. */
export function mediaLabel({ title, context }: MediaContent): string {
  return [title, context].filter((line) => line !== undefined && line !== "").join("\n");
}

/** Asks for a summary in place of the conversation, where the provider has no request for one (rule 399). */
export const SUMMARY_REQUEST_TEXT = [
  "Write a summary of the whole conversation so far. It will stand in its place: whoever goes on with the work will have your summary, and nothing else of what was said and done.",
  "Tell everything that is needed to go on without asking again: what the user wants, and every instruction, constraint and preference that holds; what was decided, and why; what was done and found out, with the state of files and the results of commands; what failed; what is still open, and the very next step.",
  "Keep names, paths, commands, numbers, identifiers and the user's own words exact. Call no tools. Answer with the summary and nothing else.",
].join("\n\n");

/** A summary that stands for what was said before it. */
export function summaryText(summary: string): string {
  return `The conversation before this point was cut down to this summary of it:\n\n${summary}`;
}

/** Stands where media could not be given; only a lenient request gets so far. */
export function missingMediaText(media: MediaContent): string {
  return "url" in media.source ? `[${media.kind}: ${media.source.url}]` : `[${media.kind}]`;
}
