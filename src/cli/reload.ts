/** Takes up a changed configuration while the gateway runs: when it is told to, and when a file of it has changed. */
import type { Logger } from "pino";
import type { ConfigChange } from "../config/diff.ts";
import { ConfigError } from "../config/errors.ts";
import { ConfigFiles } from "../config/files.ts";
import { type LoadOptions, reloadConfig } from "../config/load.ts";
import { ConfigWatch } from "../config/watch.ts";
import type { Gateway } from "../gateway.ts";
import type { Redaction } from "../telemetry/redaction.ts";

export interface ReloaderOptions {
  readonly gateway: Gateway;
  /** How the configuration was loaded first. */
  readonly load: Omit<LoadOptions, "files">;
  readonly log: Logger;
  /** Learns the new secrets before anything new can be logged. */
  readonly redaction: Redaction;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #watch = new ConfigWatch({ onChange: () => this.reload() });
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** Watches the files that a configuration was read from. */
  watch({ contents }: ConfigFiles): void {
    if (!this.#closed) this.#watch.follow(contents);
  }

  /** Loads the configuration again, after whatever is loaded now, and says what came of it. Never throws. */
  reload(): void {
    this.#turn = this.#turn.then(async () => {
      if (!this.#closed) await this.#load();
    });
  }

  /** Resolves when nothing is loaded any more. */
  close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    return this.#turn;
  }

  async #load(): Promise<void> {
    const { gateway, load, redaction, log } = this.#options;
    const files = new ConfigFiles({ again: true });
    try {
      const { config, secrets } = reloadConfig(gateway.config, { ...load, files });
      redaction.replace(secrets);
      tellChanges(await gateway.reload(config), log);
    } catch (error) {
      tellProblems(error, log);
    }
    this.watch(files);
  }
}

function tellChanges(changes: readonly ConfigChange[], log: Logger): void {
  if (changes.length === 0) {
    log.info("configuration unchanged");
    return say(["the configuration was read again and says the same"]);
  }
  const [waiting, live] = [true, false].map((afterRestart) => changes.filter((change) => change.afterRestart === afterRestart));
  const whatOf = (some: readonly ConfigChange[] = []): string[] | undefined =>
    some.length === 0 ? undefined : some.map(({ what }) => what);
  log.info({ changes: whatOf(live), afterRestart: whatOf(waiting) }, "configuration reloaded");
  const lines = changes.map(({ what, afterRestart }) => `  ${what}${afterRestart ? ": takes effect after a restart" : ""}`);
  say(["the configuration was reloaded", ...lines]);
}

function tellProblems(error: unknown, log: Logger): void {
  const problems = error instanceof ConfigError ? error.message.split("\n") : [(error as Error).message];
  log.error(error instanceof ConfigError ? { problems } : { err: error }, "configuration refused");
  say(["the new configuration cannot be used, the old one stays", ...problems]);
}

function say(lines: readonly string[]): void {
  process.stderr.write(`dragoman: ${lines.join("\n")}\n`);
}
