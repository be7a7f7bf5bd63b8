/** How a provider is asked which models it has, and what it answers. */
import type { JsonValue } from "../chat/json.ts";

/** The question for a list of models, which comes in pages. */
export interface ModelList {
  /**
   * Path and query of a page below the provider's base URL.
   * @param after {@link ModelPage.after} of the page before; absent: the first page.
   */
  path(after?: string): string;
  /** Protocol headers, name, value, name, value. */
  readonly headers: readonly string[];
  /** @throws GatewayError `upstream` when the body is no list of models. */
  decode(body: JsonValue): ModelPage;
}

/** One page of a provider's list. */
export interface ModelPage {
  /** Names as requests give them, of those models only that answer our kind of request, as far as the list tells. */
  readonly models: readonly string[];
  /** Where the next page begins; absent: this is the last. */
  readonly after?: string;
}
