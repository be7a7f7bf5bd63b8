/** Reads a request's body, with a limit, whatever its compression (dossier rule 323). */
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { GatewayError } from "../chat/error.ts";

const DECOMPRESS = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
} as const;

/**
 * The whole body, decompressed.
 * @throws GatewayError `request-too-large`, `invalid-request` for a compression that is unknown or broken, `cancelled` when the client left.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const declared = Number(request.headers["content-length"]);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const raw = await collect(request, maxBytes);
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return raw;
  if (!Object.hasOwn(DECOMPRESS, encoding)) {
    throw new GatewayError("invalid-request", `content-encoding: ${encoding} is not supported; send gzip, deflate, br, zstd or none.`, {
      field: "content-encoding",
    });
  }
  try {
    return await DECOMPRESS[encoding as keyof typeof DECOMPRESS](raw, { maxOutputLength: maxBytes });
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new GatewayError("invalid-request", `The request body is not valid ${encoding}.`, { field: "content-encoding", cause: thrown });
  }
}

function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.removeAllListeners("data");
        // What is still on its way is read and dropped, so that the client can read the answer.
        request.resume();
        reject(tooLarge(maxBytes));
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on("error", (cause) =>
      reject(new GatewayError("cancelled", "The client closed the connection before its request was complete.", { cause })),
    );
    // Comes after every request; only before its end does it mean that the client left.
    request.on("close", () => {
      if (!request.complete) reject(new GatewayError("cancelled", "The client closed the connection before its request was complete."));
    });
  });
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("request-too-large", `Request exceeds the maximum size of ${maxBytes} bytes.`);
}
