/** `dragoman traffic`: what is remembered of all requests, a line of JSON each, to play it again. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CommandError } from "../command-error.ts";
import { connect, type ConnectionOptions } from "./connection.ts";

/** Writes it to stdout, the newest first. */
export async function traffic(options: ConnectionOptions): Promise<void> {
  const gateway = await connect(options);
  const { body } = await gateway.get("/traffic");
  if (!body) return;
  try {
    await pipeline(Readable.fromWeb(body), process.stdout, { end: false });
  } catch (error) {
    // Whoever reads has had enough, as `head` has.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return;
    throw new CommandError(`the Dragoman at ${gateway.url} stopped in the middle of it: this is not all.`, 1);
  }
}
