/** The faults that can be asked for by name, in a script and in the `x-simulator` header. */

/** Errors that a vendor has its own words and status for. */
export const VENDOR_FAULTS = ["invalid-key", "no-credit", "context-too-long"] as const;

/** What happens to an answer that would have been good. */
export const WIRE_FAULTS = [
  "hang-before-headers",
  "hang-after-headers",
  "hang-mid-stream",
  "reset-before-headers",
  "reset-after-headers",
  "reset-mid-event",
  "end-early",
  "error-in-200",
  "error-first",
  "error-before-content",
  "error-after-content",
  "empty",
  "json-for-stream",
  "garbage-json",
  "html",
  "wrong-content-type",
  "truncated-gzip",
  "slow-drip",
  "split-bytes",
  "huge-line",
  "close-after-answer",
] as const;

export type VendorFault = (typeof VENDOR_FAULTS)[number];
export type WireFault = (typeof WIRE_FAULTS)[number];

/**
 * What can go wrong. A number is that HTTP status with the vendor's own error body. The rest:
 *
 * - `invalid-key`, `no-credit`, `context-too-long`: the vendor's error, with the status it uses.
 * - `hang-before-headers`, `hang-after-headers`, `hang-mid-stream`: silence until the caller leaves.
 * - `reset-before-headers`, `reset-after-headers`, `reset-mid-event`: a TCP reset.
 * - `end-early`: a clean end without the terminal event (whole answers: half of the body).
 * - `error-in-200`: status 200 and a JSON error body. `error-first`: an error is the stream's first event.
 *   `error-before-content`, `error-after-content`: an error event there. All four tell the error of `status`.
 * - `empty`: status 200, no byte of body. `json-for-stream`: a whole JSON answer to a streaming request.
 * - `garbage-json`, `html`, `wrong-content-type`, `truncated-gzip`: as the name says.
 * - `slow-drip`: 16 bytes at a time, `chunkDelayMs` apart. `split-bytes`: every byte in a write of its own.
 * - `huge-line`: one text event of `size` bytes.
 * - `close-after-answer`: the keep-alive connection is closed once the answer is out, without having said so.
 */
export type FaultName = `${number}` | VendorFault | WireFault;
