/** `dragoman serve`: starts the gateway, says where it is, and stops it when the process is asked to end. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { formatDuration } from "../config/durations.ts";
import type { ConfigFiles } from "../config/files.ts";
import type { LoadOptions } from "../config/load.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import { homePath, openAdminKey, openStateKeys, StorageError } from "../storage/home.ts";
import type { RecordStore } from "../storage/records.ts";
import type { RequestLogLimits } from "../storage/request-log.ts";
import { SqliteRecords } from "../storage/sqlite-records.ts";
import { openStore, type Store } from "../storage/store.ts";
import { createLogger, type LogLevel } from "../telemetry/log.ts";
import { Redaction } from "../telemetry/redaction.ts";
import { banner } from "./banner.ts";
import { CommandError } from "./command-error.ts";
import { Reloader } from "./reload.ts";
import { endSignal } from "./signals.ts";

/** What to serve. */
export interface Serving {
  readonly loaded: LoadedConfig;
  /** How it was loaded, to load it again. */
  readonly load: Omit<LoadOptions, "files">;
  /** What it was read from. */
  readonly files: ConfigFiles;
  readonly logLevel: LogLevel;
}

/**
 * Serves until SIGTERM or SIGINT, and takes up what changes in the configuration meanwhile. At the end running answers
 * have the grace period, and a second signal ends everything at once.
 * @throws CommandError when it cannot listen, StorageError when there is no place for state.
 */
export async function serve({ loaded: { config, secrets }, load, files, logLevel }: Serving): Promise<void> {
  const stateKeys = openStateKeys(process.env);
  const adminKey = openAdminKey(process.env);
  const redaction = new Redaction(secrets, [adminKey]);
  const log = createLogger({ level: logLevel, secrets: redaction });
  endOnBug(log);
  let reloader: Reloader | undefined;
  // Before anything that takes time: who asks for the end, or for another look at the configuration, may do so at once.
  const ended = endSignal(() => reloader?.reload());
  const path = join(homePath(process.env), "dragoman.db");
  const recordsExist = existsSync(path);
  const openRecords = (): RecordStore =>
    new SqliteRecords({ ...config.responses, path, onError: (error) => log.error({ err: error }, "responses cannot be kept") });
  const store = openStoreIfPossible({ path, requests: config.requests, log });
  const gateway = await createGateway({
    config,
    log,
    stateKeys,
    adminKey,
    openRecords,
    recordsExist,
    listModels: true,
    ...(store && { store }),
  });
  reloader = new Reloader({ gateway, load, log, redaction });
  const address = await listen(gateway, config.server);
  process.stdout.write(`${banner(config, address)}\n`);
  log.info({ ...address }, "listening");
  reloader.watch(files);
  const signal = await ended;
  log.info({ signal }, "shutting down");
  await reloader.close();
  const grace = formatDuration(gateway.config.server.shutdownGraceMs);
  process.stderr.write(`dragoman: finishing running answers, ${grace} at most; a second ${signal} ends them now.\n`);
  await gateway.close();
  log.info("stopped");
}

/** Requests can be served without it: then what is remembered ends with the process, and the log says so. */
function openStoreIfPossible({ path, requests, log }: { path: string; requests: RequestLogLimits; log: Logger }): Store | undefined {
  const onError = (error: unknown): void => log.error({ err: error }, "requests and the state of the pool cannot be written");
  try {
    return openStore({ path, requests, onError });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log.error({ err: error }, "requests and the state of the pool are remembered until this process ends");
    return undefined;
  }
}

async function listen(gateway: Gateway, { host, port }: { host: string; port: number }): Promise<{ host: string; port: number }> {
  try {
    return await gateway.listen();
  } catch (error) {
    await gateway.close();
    throw new CommandError(listenFailure((error as NodeJS.ErrnoException).code, host, port), 1);
  }
}

function listenFailure(code: string | undefined, host: string, port: number): string {
  const otherPort = "choose another with `--port` (through npm: `npm start -- --port 8318`), or with `server.port` in the config file";
  if (code === "EADDRINUSE") return `port ${port} on ${host} is in use, perhaps by another Dragoman; ${otherPort}.`;
  if (code === "EACCES") return `port ${port} needs more rights than this process has; ${otherPort}.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `${host} is no address of this machine (${code}); choose another with --host, or with \`server.host\` in the config file.`;
  }
  return `cannot listen on ${host}, port ${port} (${code ?? "unknown error"}).`;
}

/** What nobody caught is a bug: the process ends, and its last words pass the log's redaction like all others. */
function endOnBug(log: Logger): void {
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught error");
    process.exit(1);
  });
}
