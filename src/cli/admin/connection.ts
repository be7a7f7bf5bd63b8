/** The way to the gateway that runs: where it listens, the admin key, and what to tell when it does not answer. */
import { isLoopbackUrl } from "../../access/origin.ts";
import { asObject, asString, tryParseJson, type JsonObject } from "../../chat/json.ts";
import { loadAddress } from "../../config/load.ts";
import { adminKeyPath, findAdminKey, homePath } from "../../storage/home.ts";
import { CommandError } from "../command-error.ts";
import { baseUrl } from "../describe.ts";

/** How to find the gateway. */
export interface ConnectionOptions {
  readonly config?: string;
  /** Its address; absent: the config's. */
  readonly url?: string;
}

export interface Connection {
  readonly url: string;
  /** @throws CommandError when it is answered with an error. */
  get(path: string, parameters?: Readonly<Record<string, string | undefined>>): Promise<Response>;
  /** @throws CommandError when it is answered with an error. */
  post(path: string, body: JsonObject): Promise<Response>;
}

/**
 * Finds the gateway and the key.
 * @throws CommandError when none runs there; ConfigError, StorageError when they cannot be found out.
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const url = addressOf(options);
  // The key goes to nobody else.
  await greet(url);
  const key = findAdminKey(process.env);
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { ...(key !== undefined && { authorization: `Bearer ${key}` }), "content-type": "application/json" };
    const answer = await send(`${url}/admin${path}`, { ...init, headers });
    if (answer.ok) return answer;
    throw await refusal(answer, url, key !== undefined);
  };
  return {
    url,
    get: (path, parameters = {}) => {
      const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return ask(given.length === 0 ? path : `${path}?${String(new URLSearchParams(given))}`, {});
    },
    post: (path, body) => ask(path, { method: "POST", body: JSON.stringify(body) }),
  };
}

/**
 * What it tells, for a terminal. Callers choose the names of models, and upstreams what their errors say: none of it may move the
 * cursor, or look like a line of ours.
 */
export async function readForTerminal(answer: Response): Promise<unknown> {
  const visible = (_: string, value: unknown): unknown => (typeof value === "string" ? value.replaceAll(INVISIBLE, "\u{fffd}") : value);
  return JSON.parse(await answer.text(), visible);
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function addressOf({ url, config }: ConnectionOptions): string {
  if (url !== undefined) {
    const parsed = URL.parse(url);
    if (!parsed || !/^https?:$/.test(parsed.protocol)) {
      throw new CommandError(`--url must be an address such as http://127.0.0.1:8317, not ${JSON.stringify(url)}.`, 2);
    }
    return loopbackOnly(parsed.origin);
  }
  const places = { explicit: config, workingDirectory: process.cwd(), home: homePath(process.env) };
  const { host, port } = loadAddress({ ...places, environment: process.env });
  if (port === 0) throw new CommandError("the config lets Dragoman take any free port: say which it has with --url.", 2);
  return loopbackOnly(baseUrl(host, port));
}

function loopbackOnly(url: string): string {
  if (isLoopbackUrl(url)) return url;
  throw new CommandError(
    `the admin API is there for callers on its own machine only, and ${url} is not this one: run the command there, or make a tunnel (\`ssh -L 8317:127.0.0.1:8317 …\`) and name its end with --url.`,
    2,
  );
}

/** @throws CommandError when what answers is no Dragoman, or nothing does. */
async function greet(url: string): Promise<void> {
  const answer = await send(`${url}/`, {});
  const told = asObject(tryParseJson(await answer.text().catch(() => "")));
  if (told?.["name"] === "dragoman") return;
  throw new CommandError(`what answers at ${url} is no Dragoman; say where it is with --url, or with --config.`, 1);
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: "manual" });
  } catch (error) {
    const { origin } = new URL(url);
    const code = codeOf(error);
    if (code === "ECONNREFUSED") {
      throw new CommandError(
        `no Dragoman runs at ${origin}. Start it with \`dragoman serve\`, or say where it is with --url, or with --config.`,
        1,
      );
    }
    throw new CommandError(`${origin} does not answer as Dragoman would (${code ?? "no HTTP"}); say where it is with --url.`, 1);
  }
}

/** Node's fetch hides the reason one or two causes deep. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}

async function refusal(answer: Response, url: string, hasKey: boolean): Promise<CommandError> {
  const message = asString(asObject(asObject(tryParseJson(await answer.text()))?.["error"])?.["message"]);
  if (answer.status === 401 && !hasKey) {
    return new CommandError(
      `there is no admin key in DRAGOMAN_ADMIN_KEY or in ${adminKeyPath(process.env)}: set the DRAGOMAN_HOME that the Dragoman at ${url} has, or its key.`,
      1,
    );
  }
  if (answer.status === 401) {
    const place = process.env["DRAGOMAN_ADMIN_KEY"] ? "DRAGOMAN_ADMIN_KEY" : adminKeyPath(process.env);
    return new CommandError(
      `the Dragoman at ${url} does not take the admin key in ${place}: ${uncapitalised(firstSentence(message))} It may run with another DRAGOMAN_HOME or DRAGOMAN_ADMIN_KEY.`,
      1,
    );
  }
  const told = message === undefined ? `the Dragoman at ${url} answers ${answer.status}.` : uncapitalised(message);
  return new CommandError(told, answer.status === 400 ? 2 : 1);
}

/** The rest says how to send the key, which is not for whoever runs a command. */
function firstSentence(text = "This is not the admin key."): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}

/** As the messages of commands are written. */
function uncapitalised(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
