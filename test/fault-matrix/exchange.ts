/** One request through an official SDK, and what of its answer stood on the wire: both from the same bytes. */
import { AsyncLocalStorage } from "node:async_hooks";
import { CLIENTS } from "../../src/conformance/clients/index.ts";
import type { Endpoint, ProtocolName } from "../../src/conformance/clients/client.ts";
import type { Outcome } from "../../src/conformance/conversation.ts";

/** An answer as it came over the wire. */
interface Wire {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** Whether HTTP's own framing says that all of it came. */
  readonly complete: boolean;
}

/** What came over the wire, and what the SDK made of it. */
export interface Seen extends Wire {
  readonly outcome: Outcome;
}

const wires = new AsyncLocalStorage<Wire[]>();
const untapped = globalThis.fetch;

// SDKs hide the bytes, so they are read before the SDK gets them.
globalThis.fetch = async (input, init) => {
  const response = await untapped(input, init);
  const kept = wires.getStore();
  if (!kept) return response;
  const wire = await readWire(response);
  kept.push(wire);
  return new Response(new Uint8Array(wire.body), { status: wire.status, headers: wire.headers });
};

/** All of a response. */
async function readWire(response: Response): Promise<Wire> {
  const chunks: Uint8Array[] = [];
  let complete = true;
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk as Uint8Array);
  } catch {
    complete = false;
  }
  return { status: response.status, headers: response.headers, body: Buffer.concat(chunks), complete };
}

/** Says this to a model, as a user of the protocol's official SDK does who tries nothing again. */
export async function exchange(client: ProtocolName, endpoint: Endpoint, stream: boolean, prompt: string): Promise<Seen> {
  const kept: Wire[] = [];
  const conversation = await CLIENTS[client].converse(endpoint, stream);
  const outcome = await wires.run(kept, () => conversation.say(prompt, {}));
  const [wire, ...more] = kept;
  if (!wire || more.length > 0) throw new Error(`The SDK asked ${kept.length} times: ${outcome.error?.message}`);
  return { ...wire, outcome };
}
