/** `dragoman explain`: why a request went where it went, or where one would go now. */
import type { Explanation } from "../../http/admin/explain.ts";
import type { RequestRecord } from "../../storage/request-log.ts";
import { CommandError } from "../command-error.ts";
import { connect, readForTerminal, type ConnectionOptions } from "./connection.ts";
import { describeChoice } from "./describe-choice.ts";
import { describeRequest } from "./describe-request.ts";

export interface ExplainOptions extends ConnectionOptions {
  readonly model?: string;
  readonly key?: string;
  readonly session?: string;
  readonly protocol?: string;
  readonly json?: boolean;
}

/** Prints it. @param id of a request that has been; absent: a choice is played through. */
export async function explain(id: string | undefined, options: ExplainOptions): Promise<void> {
  const { model, key, session, protocol, json } = options;
  const isDryRun = [model, key, session, protocol].some((given) => given !== undefined);
  if (id === undefined && model === undefined) {
    throw new CommandError(
      "what should be explained? `dragoman explain ID` explains a request (its id is in the header x-dragoman-request-id), `dragoman explain --model M` where one would go.",
      2,
    );
  }
  if (id !== undefined && isDryRun) {
    throw new CommandError("a request's id and --model, --key, --session or --protocol do not go together: ask for one of the two.", 2);
  }
  const gateway = await connect(options);
  const answer = await (id === undefined
    ? gateway.get("/explain", { model, key, session, protocol })
    : gateway.get(`/requests/${encodeURIComponent(id)}`));
  if (json) return void process.stdout.write(await answer.text());
  const told = await readForTerminal(answer);
  process.stdout.write(id === undefined ? describeChoice(told as Explanation) : describeRequest(told as RequestRecord));
}
