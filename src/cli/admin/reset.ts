/** `dragoman reset`: what a provider or one of its credentials rests from is forgotten. */
import { CommandError } from "../command-error.ts";
import { connect, type ConnectionOptions } from "./connection.ts";

export interface ResetOptions extends ConnectionOptions {
  readonly json?: boolean;
}

/** @param what `provider` or `provider/credential`. */
export async function reset(what: string, { json, ...options }: ResetOptions): Promise<void> {
  const [, provider, , credential] = /^([^/]+)(\/(.+))?$/s.exec(what) ?? [];
  if (provider === undefined) throw new CommandError("name a provider, or one of its credentials as `provider/credential`.", 2);
  const gateway = await connect(options);
  const answer = await gateway.post("/reset", { provider, ...(credential !== undefined && { credential }) });
  if (json) return void process.stdout.write(await answer.text());
  const reset = credential === undefined ? `${provider} and all of its credentials are` : `${provider}/${credential} is`;
  process.stdout.write(`${reset} asked again from now on.\n`);
}
