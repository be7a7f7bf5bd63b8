/** The command line: what can be asked, and what a failure looks like. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { nearMatches } from "../chat/names.ts";
import { ConfigError } from "../config/errors.ts";
import { ConfigFiles } from "../config/files.ts";
import { loadConfig, type LoadOptions } from "../config/load.ts";
import type { Overrides } from "../config/resolve.ts";
import { providerTypes } from "../providers/index.ts";
import { homePath, StorageError } from "../storage/home.ts";
import { LOG_LEVELS, type LogLevel } from "../telemetry/log.ts";
import { version } from "../version.ts";
import { addAdminCommands } from "./admin/commands.ts";
import { checkReport } from "./check.ts";
import { CommandError } from "./command-error.ts";
import type { ConformanceOptions } from "./conformance/command.ts";
import type { SimulateOptions } from "./simulate.ts";

const CONFIG_HELP = "config file; default: ./dragoman.yaml, else $DRAGOMAN_HOME/dragoman.yaml";

const KEY_VARIABLES = providerTypes.flatMap(({ environmentVariables }) => environmentVariables);

const FURTHER_HELP = `
\`dragoman serve --help\`, and so with every other command, lists its options.

Without a config file, providers come from ${KEY_VARIABLES.join(", ")};
with none of these set, an embedded simulator answers.

Environment:
  DRAGOMAN_HOME       where state lives (default: ~/.dragoman)
  DRAGOMAN_STATE_KEY  secret that authenticates reasoning state in clients' hands; several with commas between, the
                      first is used for new state (default: $DRAGOMAN_HOME/state.key, generated)
  DRAGOMAN_ADMIN_KEY  secret of \`dragoman status\` and the other commands that ask the running Dragoman
                      (default: $DRAGOMAN_HOME/admin.key, generated)
  DRAGOMAN_LOG        ${LOG_LEVELS.join(", ")} (default: info); JSON lines on stderr
`;

const DEFAULT_SIMULATOR_PORT = 8318;
const DEFAULT_SILENCE_S = 20;
const DEFAULT_SEED = 1;

interface ServeOptions extends Overrides {
  readonly config?: string;
}

/** @returns the exit code: 0, 1 when something failed, 2 when the command line or the configuration is at fault. */
export async function run(commandLine: readonly string[]): Promise<number> {
  try {
    const program = createProgram();
    refuseUnknownCommand(program, commandLine);
    await program.parseAsync(commandLine, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has already written its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ConfigError) return fail(`the configuration cannot be used\n${error.message}`, 2);
    if (error instanceof CommandError) return fail(error.message, error.exitCode);
    if (error instanceof StorageError) return fail(error.message, 1);
    throw error;
  }
}

function fail(message: string, exitCode: number): number {
  process.stderr.write(`dragoman: ${message}\n`);
  return exitCode;
}

function createProgram(): Command {
  const program = new Command("dragoman")
    .description("A gateway for large language models: any client protocol, any provider, one pool of credentials.")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "dragoman: ")) })
    .addHelpText("after", FURTHER_HELP);
  program
    .command("serve", { isDefault: true })
    .description("serve clients (this is what happens without a command)")
    .option("-c, --config <file>", CONFIG_HELP)
    .option("-p, --port <number>", "port to listen on, instead of the config's (8317); 0 takes any free one", readPort)
    .option("--host <address>", "address to listen on, instead of the config's (127.0.0.1); needs `keys` unless it is loopback")
    .action(async (options: ServeOptions) => {
      const load = loadOptions(options);
      const files = new ConfigFiles();
      const loaded = loadConfig({ ...load, files });
      const logLevel = readLogLevel(process.env["DRAGOMAN_LOG"]);
      // Everything else is loaded only when there is something to serve.
      const { serve } = await import("./serve.ts");
      await serve({ loaded, load, files, logLevel });
    });
  program
    .command("check")
    .description("check the configuration and print what would be served, without secrets")
    .option("-c, --config <file>", CONFIG_HELP)
    .action((options: ServeOptions) => {
      process.stdout.write(checkReport(loadConfig(loadOptions(options)).config));
    });
  program
    .command("simulate")
    .description("replay recorded requests against a configuration, beside the current one; sends nothing and needs no keys")
    .requiredOption("-c, --config <file>", "the config file to try")
    .requiredOption("-t, --traffic <file>", "recorded requests, as `dragoman traffic` prints them; - is standard input")
    .option("--current <file>", "the config file to compare with; default: ./dragoman.yaml, else $DRAGOMAN_HOME/dragoman.yaml")
    .option("--seed <number>", "of the chance in how long credentials rest", readSeed, DEFAULT_SEED)
    .option("--json", "print the report as JSON")
    .action(async (options: SimulateOptions) => {
      const { simulate } = await import("./simulate.ts");
      await simulate(options, { workingDirectory: process.cwd(), home: homePath(process.env), environment: process.env });
    });
  addAdminCommands(program, CONFIG_HELP);
  program
    .command("conformance")
    .description("test what a gateway keeps: scenarios through the official SDKs, with a simulator as its upstream")
    .option("-t, --target <url>", "the gateway to test; default: this build, started for the purpose")
    .option("-k, --key <key>", "API key for the target")
    .option("--protocol <names...>", "client protocols to test: anthropic, chat, responses, gemini; default: all")
    .option("--upstream <names...>", "upstream protocols to test: anthropic, chat, responses, gemini; default: all")
    .option("--model <protocol=model...>", "the model to ask the target for, to reach the upstream of that protocol")
    .option(
      "--base-path <protocol=path...>",
      "what follows the target's URL for clients of that protocol; default: chat=/v1, responses=/v1",
    )
    .option("--header <protocol=header...>", "a header `name: value` that leads to the upstream of that protocol")
    .option("--scenario <names...>", "only these scenarios or features")
    .option("--simulator-port <number>", "where the simulator listens that the target is pointed at", readPort, DEFAULT_SIMULATOR_PORT)
    .option(
      "--silence <seconds>",
      "how long the upstream is silent where the target must give signs of life",
      readSeconds,
      DEFAULT_SILENCE_S,
    )
    .option("--wiring", "print what the target must be told of the simulator, and stop")
    .option("--list", "print the scenarios, and stop")
    .option("--json", "print the report as JSON")
    .action(async (options: ConformanceOptions) => {
      const { conformance } = await import("./conformance/command.ts");
      await conformance(options);
    });
  return program;
}

/** Commander would hand it to the default command, as an argument too many. */
function refuseUnknownCommand(program: Command, [name, operand]: readonly string[]): void {
  const known = [...program.commands.map((command) => command.name()), "help"];
  const isCommand = name !== undefined && known.includes(name);
  const word = isCommand ? operand : name;
  if (word === undefined || word.startsWith("-")) return;
  const takesWords = program.commands.some((command) => command.name() === name && command.registeredArguments.length > 0);
  if (!takesWords && /\.(?:ya?ml|json)$/.test(word))
    throw new CommandError(`a config file is named with an option: \`--config ${word}\`.`, 2);
  if (isCommand) return;
  const [near] = nearMatches(word, known);
  throw new CommandError(
    `there is no command \`${word}\`; ${near === undefined ? `there are: ${known.join(", ")}` : `did you mean \`${near}\`?`}`,
    2,
  );
}

function loadOptions({ config, host, port }: ServeOptions): LoadOptions {
  return {
    explicit: config,
    workingDirectory: process.cwd(),
    home: homePath(process.env),
    environment: process.env,
    overrides: { ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
  };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return port;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 600)) throw new InvalidArgumentError("It must be a number of seconds up to 600.");
  return seconds;
}

function readSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 0 to 999999999.");
  return Number(text);
}

function readLogLevel(text: string | undefined): LogLevel {
  if (text === undefined || text === "") return "info";
  const level = LOG_LEVELS.find((level) => level === text.toLowerCase());
  if (level === undefined) throw new CommandError(`DRAGOMAN_LOG must be one of ${LOG_LEVELS.join(", ")}.`, 2);
  return level;
}
