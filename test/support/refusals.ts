/** What one of OpenAI's protocols answers to a request that it may refuse. */
import { expect } from "vitest";

/** Status and error; of a request that was taken, 200 and nothing. */
export interface Told {
  readonly status: number;
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

export const TAKEN: Told = { status: 200, message: "", param: null, code: null };

/** Posts the body, text as it is and anything else as JSON. */
export async function told(url: string, body: unknown): Promise<Told> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const { error } = (await response.json()) as { error?: (Omit<Told, "status"> & { type: string }) | null };
  if (error) expect(error.type).toBe("invalid_request_error");
  return { status: response.status, message: error?.message ?? "", param: error?.param ?? null, code: error?.code ?? null };
}
