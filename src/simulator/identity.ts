/** Ids: they look like a vendor's, and depend on nothing but the request. */
import { createHash } from "node:crypto";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** An id of `length` letters and digits after the prefix, the same for the same seed. */
export function idFrom(prefix: string, seed: string, length: number): string {
  const digest = createHash("sha512").update(seed).digest();
  let id = prefix;
  for (let i = 0; i < length; i++) id += BASE58[(digest[i % digest.length] as number) % BASE58.length] as string;
  return id;
}

/** A short name for a request's bytes. */
export function seedOf(...parts: readonly (Buffer | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}
