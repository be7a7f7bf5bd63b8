/** What a Gemini answer rests on: its searches and citations, as grounding metadata (dossier A.4.4). */
import type { PlannedBlock } from "./conversation.ts";
import type { Fields } from "./json-values.ts";

/** The `groundingMetadata` of an answer with searches or citations; empty for any other. Segments are counted in UTF-8 bytes. */
export function groundingOf(blocks: readonly PlannedBlock[]): Fields {
  const searches = blocks.filter((block) => block.type === "search");
  const citations = blocks.flatMap((block) => (block.type === "text" ? block.citations : []));
  if (searches.length === 0 && citations.length === 0) return {};
  const sources = [...searches.flatMap(({ results }) => results), ...citations];
  const urls = [...new Set(sources.map(({ url }) => url))];
  const chunks = urls.map((url) => ({ web: { uri: url, title: sources.find((source) => source.url === url)?.title ?? "" } }));
  return {
    groundingMetadata: {
      webSearchQueries: searches.map(({ query }) => query),
      groundingChunks: chunks,
      groundingSupports: supportsOf(blocks, urls),
      ...(searches.length === 0 ? {} : { searchEntryPoint: { renderedContent: "<div></div>" } }),
    },
  };
}

/** Offsets run over the text of the whole answer. */
function supportsOf(blocks: readonly PlannedBlock[], urls: readonly string[]): Fields[] {
  let before = 0;
  return blocks.flatMap((block) => {
    if (block.type !== "text") return [];
    const start = before;
    before += Buffer.byteLength(block.text);
    return block.citations.map(({ url, text = block.text }) => {
      const from = start + Buffer.byteLength(block.text.slice(0, Math.max(0, block.text.indexOf(text))));
      const segment = { ...(from === 0 ? {} : { startIndex: from }), endIndex: from + Buffer.byteLength(text), text };
      return { segment, groundingChunkIndices: [urls.indexOf(url)] };
    });
  });
}
