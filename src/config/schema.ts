/**
 * The shape of `dragoman.yaml`, after references were resolved. `dragoman.schema.json` is generated from it. Keys are
 * described here for editors; `docs/configuration.md` says more.
 */
import { z } from "zod";
import { providerTypes } from "../providers/index.ts";
import { STRATEGIES } from "../providers/provider.ts";
import { CAUSES } from "./causes.ts";
import { DURATION_PATTERN, durationMs, formatDuration, MAX_AGE_MS, MAX_TIMER_MS } from "./durations.ts";
import { PLANNED_PROVIDER_TYPES } from "./planned.ts";

const MEBIBYTE = 1024 * 1024;

/** What servers that imitate OpenAI may speak. */
const OPENAI_PROTOCOLS = ["openai-responses", "openai-chat"] as const;

const REDIS_PREFIX = "expected at most 64 letters, digits and `_ . : -`, a letter or digit first";

/** A map of known keys; any other is an error. */
function map<Shape extends z.ZodRawShape>(meaning: string, shape: Shape) {
  return z.strictObject(shape, { error: () => `expected ${meaning}` });
}

function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return map("a map of keys and values", shape);
}

function text(meaning: string) {
  return z.string({ error: () => `expected ${meaning}` }).min(1, { error: `expected ${meaning}` });
}

/** @param meaning what it lists, in the plural. */
function list<Item extends z.ZodType>(item: Item, meaning: string) {
  return z.array(item, { error: () => `expected a list of ${meaning}` }).min(1, { error: `is empty; remove it, or list ${meaning}` });
}

function choice<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, { error: () => `expected one of ${values.map((value) => `\`${value}\``).join(", ")}` });
}

/** A whole number. Text of digits counts too, because a reference always gives text. */
function wholeNumber(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  const number = z
    .int({ error: () => error })
    .min(min, { error })
    .max(max, { error });
  const digits = z.string().regex(/^-?\d{1,15}$/, { error });
  return z.union([number, digits.transform(Number).pipe(number)], { error: () => error });
}

/** Yes or no. The words count as text too, because a reference always gives text. */
function flag() {
  const words = z.enum(["true", "false"]).transform((word) => word === "true");
  return z.union([z.boolean(), words], { error: () => "expected `true` or `false`" });
}

/** A duration in ms, written with its unit. */
function duration(minMs = 1, maxMs = MAX_TIMER_MS) {
  const error = "expected a duration with its unit, such as `250ms`, `10s`, `5m` or `1h`";
  return z
    .string({ error: () => error })
    .regex(DURATION_PATTERN, { error })
    .transform(durationMs)
    .refine((ms) => ms >= minMs && ms <= maxMs, {
      error: `expected a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
    });
}

const modelPatterns = list(text("a model name or pattern"), "model names or patterns (`claude-*`)");
const target = text("a target (`provider/model`)").meta({
  description: "`provider/model`; `provider/*` keeps the name that was asked for.",
});
const loss = choice(["strict", "default", "lenient"]).meta({
  description:
    "How much a translation may lose. strict: nothing of meaning; default: nothing that breaks the answer's contract; lenient: anything.",
});
const strategy = choice(STRATEGIES);
/** A target, or one that only some failures of those before it lead to. */
const entry = z.union(
  [
    target,
    section({
      target,
      on: list(choice(CAUSES), `failures (${CAUSES.map((cause) => `\`${cause}\``).join(", ")})`).describe(
        "The failures of the targets before that lead to this one; default: all but those that are the request's own fault.",
      ),
    }),
  ],
  { error: () => "expected a target (`provider/model`), or a map with `target` and `on`" },
);
const limits = section({
  rpm: wholeNumber(1, 1_000_000_000).optional().describe("Requests per minute."),
  tpm: wholeNumber(1, 1_000_000_000_000).optional().describe("Tokens per minute."),
});

const server = section({
  host: text("a host name or address")
    .prefault("127.0.0.1")
    .describe("Address to listen on. Without `keys` only a loopback address is accepted."),
  port: wholeNumber(0, 65_535).prefault(8317).describe("Port to listen on; 0 takes any free one."),
  max_body_bytes: wholeNumber(1024, 1024 * MEBIBYTE)
    .prefault(32 * MEBIBYTE)
    .describe("The largest request body that is accepted, in bytes."),
  heartbeat: duration(1, 20_000).prefault("15s").describe("Silence before a heartbeat is sent to a waiting client; at most 20s."),
  shutdown_grace: duration(0).prefault("30s").describe("How long running answers may go on after SIGTERM."),
  websocket: flag().prefault(true).describe("Whether Responses is spoken over WebSockets too."),
  websocket_max_connections: wholeNumber(1, 1_000_000).prefault(1000).describe("WebSockets that may be open at once."),
  websocket_max_age: duration(1000).prefault("60m").describe("How long a WebSocket may be open; an answer under way is finished."),
}).describe("Where Dragoman listens.");

const key = map("a map with `name` and `key`", {
  name: text("a name").describe("Shown in logs."),
  key: text("a key").optional().describe("The key itself; better a reference, `env:NAME` or `file:/path`."),
  hash: z
    .string({ error: () => "expected `sha256:` and 64 hex digits" })
    .regex(/^sha256:[0-9a-fA-F]{64}$/, { error: "expected `sha256:` and 64 hex digits" })
    .optional()
    .describe("Instead of `key`: its SHA-256, as `sha256:` and 64 hex digits."),
  models: modelPatterns.optional().describe("What it may use, as clients call it; default: every model."),
  loss: loss.optional(),
  limits: section({
    rpm: wholeNumber(1, 1_000_000_000).optional().describe("Requests per minute."),
    tpm: wholeNumber(1, 1_000_000_000_000).optional().describe("Tokens per minute."),
    concurrency: wholeNumber(1, 1_000_000).optional().describe("Requests at once."),
  })
    .optional()
    .describe("Not implemented yet."),
  budget: section({
    usd: z.number({ error: () => "expected an amount in USD above 0" }).positive({ error: "expected an amount in USD above 0" }),
    per: choice(["day", "week", "month"]),
  })
    .optional()
    .describe("Not implemented yet."),
});

const credential = map("a map with `api_key`", {
  name: text("a name").optional().describe("Shown in logs and headers; default: `key-1`, `key-2`, … by position."),
  api_key: text("an API key").describe("The provider's API key; best a reference, `env:NAME` or `file:/path`."),
  priority: wholeNumber(-1_000_000, 1_000_000).prefault(0).describe("Higher is used first; equals take turns."),
  max_concurrency: wholeNumber(1, 1_000_000).optional().describe("Requests at once; default: no limit."),
  weight: z
    .number({ error: () => "expected a number above 0" })
    .positive({ error: "expected a number above 0" })
    .optional()
    .describe("Its share beside others, for the strategy `weighted`; default: 1."),
  limits: limits
    .optional()
    .describe("What the account may use, where its provider does not tell in its answers: others are preferred while it is used up."),
  account: text("a name").optional().describe("The same for keys of one account, whose quota they share; default: each key is an account."),
});

const provider = map("a map with `type` and `credentials`", {
  type: choice(providerTypes.map(({ type }) => type)).describe(`Who runs it. Not implemented yet: ${PLANNED_PROVIDER_TYPES.join(", ")}.`),
  base_url: text("a URL").optional().describe("What the vendor's own SDK takes; default: the vendor's address."),
  models: modelPatterns.optional().describe("What it serves without an entry in `models`; default: the vendor's own names (`claude-*`)."),
  protocols: list(choice(OPENAI_PROTOCOLS), `protocols (${OPENAI_PROTOCOLS.map((one) => `\`${one}\``).join(", ")})`)
    .optional()
    .describe(
      "For `openai` and servers like it: the protocols that it is spoken to in, the preferred one first; default: both for `openai`, Chat Completions for others.",
    ),
  list_models: flag().prefault(true).describe("Whether it is asked for its list of models, at the start and every hour."),
  strategy: strategy.optional().describe("How credentials of equal priority take turns; default: round-robin."),
  prefix: text("a name").optional().describe("Another name before the slash of its models; providers that share one are tried in order."),
  timeouts: section({
    connect: duration().prefault("10s").describe("To connect."),
    headers: duration().prefault("60s").describe("From the request to the head of the answer."),
    first_content: duration().prefault("300s").describe("From the head of the answer to its first content."),
    idle: duration().prefault("120s").describe("Between two reads of the answer."),
  }).prefault({}),
  credentials: list(credential, "credentials").optional().describe("The pool. Each has an `api_key`."),
});

const model = z.union(
  [
    target,
    list(entry, "targets"),
    section({
      targets: list(entry, "targets").describe("In order: the next is the fallback. With a `strategy`: all of them are one pool."),
      strategy: strategy.optional().describe("How the credentials of all targets take turns, as one pool."),
      fallback: list(entry, "targets").optional().describe("What is tried, in order, when `targets` failed."),
      loss: loss.optional(),
      recovery: flag()
        .prefault(false)
        .describe("Whether a stream that breaks off in the middle may go on with another attempt, where that cannot change what was sent."),
    }),
  ],
  { error: () => "expected a target (`provider/model`), a list of targets, or a map with `targets`" },
);

/** The whole file. Every key is optional. */
export const configSchema = section({
  server: server.prefault({}),
  keys: list(key, "keys").optional().describe("Who may call. Without it only callers on this machine are served, and no key is asked."),
  providers: z
    .record(z.string(), provider, {
      error: () => "expected a map of names and providers, such as `google: { type: gemini, credentials: […] }`",
    })
    .prefault({})
    .describe("The hosts of models, by a name of your choice."),
  models: z
    .record(z.string(), model, { error: () => "expected a map of model names and targets, such as `fast: google/gemini-3.8-flash`" })
    .prefault({})
    .describe("What clients may ask for, and where it goes. Names may be patterns (`claude-*`)."),
  retry: section({
    attempts: wholeNumber(1, 100).prefault(4).describe("Attempts per request, the first included."),
    total: duration().prefault("600s").describe("No attempt begins later than this after the request came."),
    usd: z
      .number({ error: () => "expected an amount in USD above 0" })
      .positive({ error: "expected an amount in USD above 0" })
      .optional()
      .describe("No attempt begins once the failed ones have cost so much, by public prices; default: no limit."),
  })
    .prefault({})
    .describe("What trying again may cost."),
  cooldown: section({
    rate_limit_base: duration().prefault("1s").describe("Rest after a 429 without a hint; doubles."),
    rate_limit_max: duration().prefault("5m").describe("The longest of these."),
    transient_base: duration().prefault("1s").describe("Rest after a 5xx or a broken connection; doubles."),
    transient_max: duration().prefault("60s").describe("The longest of these."),
    hint_max: duration().prefault("6h").describe("The longest `retry-after` that is believed."),
    long: duration().prefault("30m").describe("The longest rest after an unpaid bill (402), a refusal (403) or an unknown model (404)."),
    probe_interval: duration()
      .prefault("10m")
      .describe("The first of these rests, which double; and how often whatever rests is tried anyway."),
  })
    .prefault({})
    .describe("How long a credential rests after a failure."),
  queue: section({
    max_waiting: wholeNumber(0, 1_000_000).prefault(100).describe("Requests that may wait for a permit at once, per provider."),
    max_wait: duration().prefault("30s").describe("How long one may wait."),
  })
    .prefault({})
    .describe("What happens when every credential is at its `max_concurrency`."),
  affinity: section({
    ttl: duration(1, MAX_AGE_MS).prefault("1h").describe("How long a conversation stays with its credential without being continued."),
    by_content: flag().prefault(false).describe("Whether conversations whose clients do not name them are told apart by how they begin."),
  })
    .prefault({})
    .describe("Conversations stay with their credential, for the sake of the provider's prompt cache."),
  responses: section({
    store: flag()
      .prefault(true)
      .describe("Whether answers and conversations are kept for clients of Responses that refer to them by their ids."),
    ttl: duration(1000, MAX_AGE_MS).prefault("30d").describe("How long what is not used is kept."),
    max_bytes: wholeNumber(MEBIBYTE, 1024 * 1024 * MEBIBYTE)
      .prefault(1024 * MEBIBYTE)
      .describe("The most that all of it may take up, in bytes; beyond it goes what was not used for longest."),
  })
    .prefault({})
    .describe("What clients of Responses leave with the server, in `$DRAGOMAN_HOME/dragoman.db`."),
  requests: section({
    max_records: wholeNumber(1, 100_000_000).prefault(100_000).describe("How many are remembered; beyond it the oldest go."),
    ttl: duration(1000, MAX_AGE_MS).prefault("30d").describe("How long one is remembered."),
  })
    .prefault({})
    .describe("What is remembered of each request, without a word of what was said, in `$DRAGOMAN_HOME/dragoman.db`."),
  redis: map("a map with `url`", {
    url: text("a URL such as `redis://localhost:6379`").describe(
      "`redis://user:password@host:port/database`, or `rediss://` for TLS; best a reference, `env:NAME` or `file:/path`.",
    ),
    prefix: z
      .string({ error: () => REDIS_PREFIX })
      .regex(/^[A-Za-z0-9][\w.:-]{0,63}$/, { error: REDIS_PREFIX })
      .prefault("dragoman")
      .describe("Begins the names of all keys; replicas that share have the same."),
  })
    .optional()
    .describe("A Redis or Valkey server through which replicas share what rests and which conversation stays where; default: none."),
  media: section({
    max_bytes: wholeNumber(1024, 1024 * MEBIBYTE)
      .prefault(20 * MEBIBYTE)
      .describe("The most that the files fetched for one request may have together, in bytes."),
    timeout: duration().prefault("20s").describe("To fetch one."),
    allow_private: flag()
      .prefault(false)
      .describe("Whether callers may name addresses of private networks and this machine, and ports other than 80 and 443."),
  })
    .prefault({})
    .describe("How files at URLs are fetched for models that do not fetch them."),
});

/** A file that fits the schema, defaults filled in, durations in ms. */
export type ConfigFile = z.output<typeof configSchema>;
export type ProviderFile = ConfigFile["providers"][string];
export type KeyFile = NonNullable<ConfigFile["keys"]>[number];
