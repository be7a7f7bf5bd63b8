/** The commands that ask the gateway that runs. */
import type { Command } from "commander";
import type { ConnectionOptions } from "./connection.ts";
import type { ExplainOptions } from "./explain.ts";
import type { ResetOptions } from "./reset.ts";
import type { StatusOptions } from "./status.ts";

/** Adds them. What they do is loaded when one is asked for. */
export function addAdminCommands(program: Command, configHelp: string): void {
  const command = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option("-u, --url <url>", "where Dragoman listens; default: where the config says")
      .option("-c, --config <file>", configHelp);
  command("status", "show how the providers and credentials of the running Dragoman are")
    .option("--json", "print JSON")
    .action(async (options: StatusOptions) => {
      const { status } = await import("./status.ts");
      await status(options);
    });
  command("explain", "explain why a request went where it went, or where one would go now")
    .argument("[id]", "the request's id, from the header x-dragoman-request-id or the log")
    .option("-m, --model <name>", "without an id: the model that a client would ask for")
    .option("-k, --key <name>", "the name of the client's key")
    .option("-s, --session <name>", "the conversation, as the client names it")
    .option("-p, --protocol <name>", "what the client speaks, such as openai-chat")
    .option("--json", "print JSON")
    .action(async (id: string | undefined, options: ExplainOptions) => {
      const { explain } = await import("./explain.ts");
      await explain(id, options);
    });
  command("reset", "let a provider, or one of its credentials, serve again at once")
    .argument("<provider[/credential]>", "as the config names them")
    .option("--json", "print JSON")
    .action(async (what: string, options: ResetOptions) => {
      const { reset } = await import("./reset.ts");
      await reset(what, options);
    });
  command("traffic", "write a line of JSON for each request that is remembered, the newest first").action(
    async (options: ConnectionOptions) => {
      const { traffic } = await import("./traffic.ts");
      await traffic(options);
    },
  );
}
