/** Ids and signatures: they look like a vendor's, and depend on nothing but the request. */
import { createHash, createHmac } from "node:crypto";

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

/** Signatures are one protobuf bytes field, as the vendors' are, so that a look at their shape tells whose they are. */
const FIELD_TAGS = { anthropic: 0x12, gemini: 0x0a, chat: 0x1a, openai: 0x80 } as const;
const NONCE_BYTES = 32;
const PROOF_BYTES = 32;

/** A vendor whose signatures are simulated. */
export type SigningVendor = keyof typeof FIELD_TAGS;

/** A signature that only `isMinted` with the same issuer and vendor accepts. Base64. */
export function mintSignature(issuer: string, vendor: SigningVendor, seed: string): string {
  const nonce = createHash("sha256").update(`${vendor} ${seed}`).digest();
  return Buffer.concat([headOf(vendor), nonce, proof(issuer, vendor, nonce)]).toString("base64");
}

/** Whether this issuer minted the signature. */
export function isMinted(issuer: string, vendor: SigningVendor, signature: string): boolean {
  const bytes = Buffer.from(signature, "base64");
  const head = headOf(vendor);
  const nonceEnd = head.length + NONCE_BYTES;
  if (bytes.length !== nonceEnd + PROOF_BYTES || !head.equals(bytes.subarray(0, head.length))) return false;
  return proof(issuer, vendor, bytes.subarray(head.length, nonceEnd)).equals(bytes.subarray(nonceEnd));
}

function headOf(vendor: SigningVendor): Buffer {
  return Buffer.from([FIELD_TAGS[vendor], NONCE_BYTES + PROOF_BYTES]);
}

function proof(issuer: string, vendor: SigningVendor, nonce: Buffer): Buffer {
  return createHmac("sha256", `simulator ${issuer} ${vendor}`).update(nonce).digest();
}
