/** How many tokens a request has, guessed without asking anyone (rules 260, 353, 413). Never for metering. */
import { estimateTokenCount } from "tokenx";
import type { ChatRequest, Content, MediaContent } from "../chat/chat.ts";
import { writeJson } from "../chat/json.ts";

/** What surrounds each piece of content, in tokens. */
const FRAMING_TOKENS = 4;

/** Bytes do not tell how large a medium is: a large picture, a few pages, some seconds of sound or film. */
const MEDIA_TOKENS: Readonly<Record<MediaContent["kind"], number>> = { image: 1500, document: 3000, audio: 1000, video: 5000 };

/** How much text is looked at, in characters; the rest is taken to be alike. 8 characters take about a microsecond. */
const SAMPLE_CHARS = { rough: 4096, fine: 65_536 } as const;

/** @returns at least 1. */
export function estimateInputTokens(request: ChatRequest, precision: keyof typeof SAMPLE_CHARS): number {
  const { texts, tokens } = survey(request);
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  const share = Math.min(1, SAMPLE_CHARS[precision] / chars);
  const counted = texts.reduce((sum, text) => {
    const sample = share === 1 ? text : text.slice(0, Math.ceil(text.length * share));
    return sample === "" ? sum : sum + estimateTokenCount(sample) * (text.length / sample.length);
  }, 0);
  return Math.max(1, Math.round(tokens + counted));
}

/** Every text of the request, and the tokens of what is none. */
function survey(request: ChatRequest): { readonly texts: readonly string[]; readonly tokens: number } {
  const texts: string[] = [];
  let tokens = 0;
  const look = (content: Content): void => {
    tokens += FRAMING_TOKENS;
    if ("text" in content && content.text !== undefined) texts.push(content.text);
    if ("input" in content) texts.push(content.name, content.input);
    if (content.type === "tool-result" || content.type === "search-result") content.content.forEach(look);
    if (content.type !== "media") return;
    const { source, kind } = content;
    if ("text" in source) texts.push(source.text);
    else if ("content" in source) source.content.forEach(look);
    else tokens += MEDIA_TOKENS[kind];
  };
  request.system.forEach(look);
  request.items.forEach(look);
  for (const tool of request.tools) {
    tokens += FRAMING_TOKENS;
    if ("description" in tool && tool.description !== undefined) texts.push(tool.description);
    texts.push(tool.name);
    if (tool.type === "function") texts.push(writeJson(tool.inputSchema));
  }
  if (request.outputFormat?.type === "json-schema") texts.push(writeJson(request.outputFormat.schema));
  return { texts, tokens };
}
