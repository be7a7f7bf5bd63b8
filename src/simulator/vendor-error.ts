/** A failure that a vendor tells its caller about; the protocol writes it in its own envelope. */
export class VendorError extends Error {
  readonly status: number;
  /** The vendor's name for it, where the status alone does not give it. */
  readonly kind: string | undefined;
  /** The request's field that is at fault and the vendor's code for what is wrong, where its envelope has places for them. */
  readonly param: string | undefined;
  readonly code: string | undefined;
  /** Structured details, as the vendor attaches them. */
  readonly details: readonly unknown[];

  constructor(status: number, message: string, more: { kind?: string; param?: string; code?: string; details?: readonly unknown[] } = {}) {
    super(message);
    this.status = status;
    this.kind = more.kind;
    this.param = more.param;
    this.code = more.code;
    this.details = more.details ?? [];
  }
}

/** The request's own fault. */
export function invalid(message: string): VendorError {
  return new VendorError(400, message);
}
