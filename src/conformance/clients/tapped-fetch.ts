/** A `fetch` for an SDK that keeps what came over the wire: the parts of a stream that SDKs hide. */

/** A fetch and the text of the last answer it got. */
export interface TappedFetch {
  readonly fetch: typeof fetch;
  /** Everything of the last answer that was read so far. */
  readonly received: () => string;
}

export function tapFetch(): TappedFetch {
  let received = "";
  return {
    received: () => received,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      received = "";
      if (response.body === null) return response;
      const decoder = new TextDecoder();
      const tap = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          received += decoder.decode(chunk, { stream: true });
          controller.enqueue(chunk);
        },
      });
      return new Response(response.body.pipeThrough(tap), response);
    },
  };
}
