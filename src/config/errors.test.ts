/** What is said about a configuration that cannot be used: the place, the reason, the suggestion, and never a secret. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "./errors.ts";
import { providerTypes } from "../providers/index.ts";
import { parseConfig } from "./load.ts";

/** Every implemented type, in the order in which messages list them. */
const TYPES = providerTypes.map(({ type }) => type);

const environment = { GEMINI_API_KEY: "upstream-key", EMPTY: "", WORD: "hunter2" };

function problemsOf(text: string): string[] {
  try {
    parseConfig(text, { path: "dragoman.yaml", environment });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
  return [];
}

const PROVIDER = "providers: { google: { type: gemini, credentials: [{ api_key: k }] } }\n";

const cases: [name: string, text: string, ...problems: string[]][] = [
  ["unknown key at the root", "serve: {}", "dragoman.yaml:1:1: serve: is not a known key; did you mean `server`?"],
  [
    "unknown key with no near match",
    "server:\n  zzz: 1",
    "dragoman.yaml:2:3: server.zzz: is not a known key; known here: host, port, max_body_bytes, heartbeat, shutdown_grace, websocket, websocket_max_connections, websocket_max_age",
  ],
  [
    "unknown key deep in a list",
    "providers:\n  google:\n    type: gemini\n    credentials:\n      - api_key: k\n        max_concurency: 3",
    "dragoman.yaml:6:9: providers.google.credentials[0].max_concurency: is not a known key; did you mean `max_concurrency`?",
  ],
  [
    "unknown key of a provider, in its place among others",
    "providers:\n  google:\n    type: gemini\n    credentails:\n      - api_key: k",
    "dragoman.yaml:4:5: providers.google.credentails: is not a known key; did you mean `credentials`?",
  ],
  [
    "unknown key in a model's map",
    `${PROVIDER}models:\n  fast: { target: [google/x], targets: [google/x] }`,
    "dragoman.yaml:3:11: models.fast.target: is not a known key; it belongs under `targets`",
  ],
  [
    "a missing space after the colon, which may hide a secret",
    "providers: { google: { type: gemini, credentials: [{api_key:hunter2}] } }",
    "dragoman.yaml:1:52: providers.google.credentials[0].api_key: is missing; expected an API key",
    "dragoman.yaml:1:53: providers.google.credentials[0].…: is not a known key; put a space after the colon",
  ],
  [
    "mistyped provider type",
    "providers:\n  a:\n    type: antropic",
    "dragoman.yaml:3:11: providers.a.type: is not a known value; did you mean `anthropic`?",
  ],
  [
    "what people call a provider, which is not its type's name",
    "providers:\n  a: { type: Google }\n  b: { type: claude }\n  c: { type: grok }\n  d: { type: lmstudio }",
    "dragoman.yaml:2:14: providers.a.type: is not a known value; did you mean `gemini`?",
    "dragoman.yaml:3:14: providers.b.type: is not a known value; did you mean `anthropic`?",
    "dragoman.yaml:4:14: providers.c.type: is not a known value; did you mean `xai`?",
    "dragoman.yaml:5:14: providers.d.type: is not a known value; did you mean `lm-studio`?",
  ],
  [
    "a type that nobody has heard of",
    "providers:\n  a: { type: nonsense }",
    `dragoman.yaml:2:14: providers.a.type: expected one of ${TYPES.map((type) => `\`${type}\``).join(", ")}`,
  ],
  [
    "missing type",
    "providers:\n  a: {}",
    `dragoman.yaml:2:3: providers.a.type: is missing; expected one of ${TYPES.map((type) => `\`${type}\``).join(", ")}`,
  ],
  [
    "provider without credentials",
    "providers:\n  a:\n    type: anthropic",
    "dragoman.yaml:2:3: providers.a: has no `credentials`; add `credentials: [{ api_key: env:ANTHROPIC_API_KEY }]`",
  ],
  [
    "empty credentials",
    "providers:\n  a:\n    type: anthropic\n    credentials: []",
    "dragoman.yaml:4:18: providers.a.credentials: is empty; remove it, or list credentials",
  ],
  [
    "credentials of one name, given and by position",
    "providers:\n  a:\n    type: anthropic\n    credentials:\n      - { name: key-2, api_key: x }\n      - { api_key: y }\n      - { name: key-2, api_key: z }",
    "dragoman.yaml:6:9: providers.a.credentials[1].name: another credential of this provider has this name; names must be unique",
    "dragoman.yaml:7:17: providers.a.credentials[2].name: another credential of this provider has this name; names must be unique",
  ],
  [
    "names that would not stand in a header or a target",
    "providers:\n  a/b: { type: gemini, credentials: [{ name: 'ä', api_key: k }] }",
    "dragoman.yaml:2:3: providers.a/b: is not a usable name; begin with a letter or digit; letters, digits and `_ . @ + -` may follow",
    "dragoman.yaml:2:46: providers.a/b.credentials[0].name: is not a usable name; begin with a letter or digit; letters, digits and `_ . @ + -` may follow",
  ],
  [
    "an API key that no header can carry",
    "providers: { a: { type: gemini, credentials: [{ api_key: 'hunter2 hunter2' }] } }",
    "dragoman.yaml:1:58: providers.a.credentials[0].api_key: holds a space, a line break or a character that no header can carry",
  ],
  [
    "base URL with a password",
    "providers: { a: { type: gemini, base_url: 'https://u:hunter2@h', credentials: [{ api_key: k }] } }",
    "dragoman.yaml:1:43: providers.a.base_url: must not hold a user name or a password",
  ],
  [
    "base URL with the version that the protocol's paths hold",
    "providers: { a: { type: anthropic, base_url: 'https://h/v1/', credentials: [{ api_key: k }] } }",
    "dragoman.yaml:1:46: providers.a.base_url: ends with `/v1`, which Dragoman adds itself; remove it, as in `https://api.anthropic.com`",
  ],
  [
    "base URL with the endpoint at its end",
    "providers:\n  a: { type: openrouter, base_url: 'https://h/api/v1/chat/completions/', credentials: [{ api_key: k }] }\n  b: { type: anthropic, base_url: 'https://h/v1/messages', credentials: [{ api_key: k }] }\n  c: { type: openai-compatible, base_url: 'https://h/v1/completions' }",
    "dragoman.yaml:2:36: providers.a.base_url: ends with `/chat/completions`, which Dragoman adds itself; remove it, as in `https://openrouter.ai/api/v1`",
    "dragoman.yaml:3:35: providers.b.base_url: ends with `/messages`, which Dragoman adds itself; remove it, as in `https://api.anthropic.com`",
    "dragoman.yaml:4:43: providers.c.base_url: ends with `/completions`, which Dragoman adds itself; remove it, as in `http://localhost:8000/v1`",
  ],
  [
    "base URL without the version that a server of this type has in it",
    "providers:\n  a: { type: openai, base_url: 'https://h', credentials: [{ api_key: k }] }\n  b: { type: vllm, base_url: 'http://h:8000' }\n  c: { type: openai-compatible, base_url: 'http://h:8000' }",
    "dragoman.yaml:2:32: providers.a.base_url: has no path, and such servers have their version in it; write it as in `https://api.openai.com/v1`, or end it with `/` if there is none",
    "dragoman.yaml:3:30: providers.b.base_url: has no path, and such servers have their version in it; write it as in `http://127.0.0.1:8000/v1`, or end it with `/` if there is none",
    "dragoman.yaml:4:43: providers.c.base_url: has no path, and such servers have their version in it; write it as in `http://localhost:8000/v1`, or end it with `/` if there is none",
  ],
  [
    "base URL of the simulator",
    "providers: { a: { type: simulator, base_url: 'https://h' } }",
    "dragoman.yaml:1:36: providers.a.base_url: has no meaning for what is part of Dragoman; remove it",
  ],
  [
    "protocols of a provider that speaks one",
    "providers: { a: { type: gemini, credentials: [{ api_key: k }], protocols: [openai-chat] } }",
    "dragoman.yaml:1:64: providers.a.protocols: has no meaning for a provider that speaks one protocol; remove it",
  ],
  [
    "a protocol that nobody speaks",
    "providers: { a: { type: openai, credentials: [{ api_key: k }], protocols: [telex] } }",
    "dragoman.yaml:1:76: providers.a.protocols[0]: expected one of `openai-responses`, `openai-chat`",
  ],
  [
    "a key one level too high",
    "port: 80\nproviders: { a: { type: gemini, api_key: hunter2, credentials: { api_key: hunter2 } } }",
    "dragoman.yaml:1:1: port: is not a known key; it belongs under `server`",
    "dragoman.yaml:2:33: providers.a.api_key: is not a known key; it belongs under `credentials`",
    "dragoman.yaml:2:64: providers.a.credentials: expected a list of credentials",
  ],
  [
    "an entry that is not a map",
    "keys: [hunter2]\nproviders: { a: { type: gemini, credentials: [env:WORD] } }",
    "dragoman.yaml:1:8: keys[0]: expected a map with `name` and `key`",
    "dragoman.yaml:2:47: providers.a.credentials[0]: expected a map with `api_key`, which `env:WORD` does not hold",
  ],
  [
    "shell variables",
    'keys: [{ name: a, key: $WORD, models: ["${WORD}"] }]',
    "dragoman.yaml:1:24: keys[0].key: is a shell's way to name a variable; write `env:NAME`",
    "dragoman.yaml:1:40: keys[0].models[0]: is a shell's way to name a variable; write `env:NAME`",
  ],
  [
    "a port beside the host",
    "server: { host: '127.0.0.1:80' }",
    "dragoman.yaml:1:17: server.host: expected a host name or an address alone; the port is another setting: `server.port` in the config file, or --port",
  ],
  [
    "target of an unknown provider",
    `${PROVIDER}models:\n  fast: [google/x, gogle/y]`,
    "dragoman.yaml:3:20: models.fast[1]: names a provider that is not configured; did you mean `google/…`?",
  ],
  [
    "target when nothing is configured",
    "models: { fast: google/x }",
    "dragoman.yaml:1:17: models.fast: names a provider that is not configured; no provider is configured",
  ],
  [
    "target without a provider",
    `${PROVIDER}models: { fast: { targets: [gemini-3.8-pro] } }`,
    "dragoman.yaml:2:29: models.fast.targets[0]: is not a target (`provider/model`); did you mean `google/…`?",
  ],
  [
    "target that no provider declares",
    `${PROVIDER}models: { fast: x }`,
    "dragoman.yaml:2:17: models.fast: is not a target (`provider/model`); configured: google",
  ],
  [
    "target with half a wildcard",
    `${PROVIDER}models: { "g-*": google/gemini-* }`,
    "dragoman.yaml:2:18: models.g-*: a target's model is a name, or `*` alone to keep the name that was asked for",
  ],
  [
    "target of a wrong form",
    "models: { fast: 3 }",
    "dragoman.yaml:1:17: models.fast: expected a target (`provider/model`), a list of targets, or a map with `targets`",
  ],
  ["no targets", "models: { fast: [] }", "dragoman.yaml:1:17: models.fast: is empty; remove it, or list targets"],
  ["keys of nobody", "keys: []", "dragoman.yaml:1:7: keys: is empty; remove it, or list keys"],
  [
    "a section without content",
    "server:\nkeys:",
    "dragoman.yaml:1:8: server: expected a map of keys and values",
    "dragoman.yaml:2:6: keys: expected a list of keys",
  ],
  [
    "keys without a secret, with two, and of one name",
    `keys:\n  - name: a\n  - { name: b, key: k, hash: "sha256:${"0".repeat(64)}" }\n  - { name: a, key: l }`,
    "dragoman.yaml:2:5: keys[0]: has neither `key` nor `hash`; add `key: env:NAME`, or `hash: sha256:…`",
    "dragoman.yaml:3:24: keys[1].hash: stands beside `key`; keep one of the two",
    "dragoman.yaml:4:13: keys[2].name: another key has this name; names must be unique",
  ],
  [
    "a name of several lines",
    `keys:\n  - { name: "a\\nb", key: k }`,
    "dragoman.yaml:2:13: keys[0].name: holds a line break or another control character; give it a name of one line",
  ],
  [
    "one key twice",
    "keys:\n  - { name: a, key: hunter2 }\n  - { name: b, key: env:WORD }",
    "dragoman.yaml:3:5: keys[1]: is the same key as `a`; give each caller a key of its own",
  ],
  [
    "a hash of another kind",
    "keys: [{ name: a, hash: md5:hunter2 }]",
    "dragoman.yaml:1:25: keys[0].hash: expected `sha256:` and 64 hex digits",
  ],
  ["port out of range", "server: { port: 70000 }", "dragoman.yaml:1:17: server.port: expected a whole number from 0 to 65535"],
  ["port of another type", "server: { port: [] }", "dragoman.yaml:1:17: server.port: expected a whole number from 0 to 65535"],
  [
    "a number by reference",
    "server: { port: env:WORD }",
    "dragoman.yaml:1:17: server.port: expected a whole number from 0 to 65535, which `env:WORD` does not hold",
  ],
  [
    "duration without a unit",
    "server: { shutdown_grace: 30 }",
    "dragoman.yaml:1:27: server.shutdown_grace: expected a duration with its unit, such as `250ms`, `10s`, `5m` or `1h`",
  ],
  ["heartbeat too rare", "server: { heartbeat: 21s }", "dragoman.yaml:1:22: server.heartbeat: expected a duration from 1ms to 20s"],
  ["duration that no timer can wait", "retry: { total: 1000h }", "dragoman.yaml:1:17: retry.total: expected a duration from 1ms to 24d"],
  ["age beyond all reason", "responses: { ttl: 4000d }", "dragoman.yaml:1:19: responses.ttl: expected a duration from 1s to 3650d"],
  [
    "base above its maximum",
    "cooldown: { rate_limit_base: 1h }",
    "dragoman.yaml:1:30: cooldown.rate_limit_base: is longer than `rate_limit_max`",
  ],
  [
    "unset variable",
    "server: { host: env:GEMINI_APIKEY }",
    "dragoman.yaml:1:17: server.host: the environment variable GEMINI_APIKEY is not set; did you mean `env:GEMINI_API_KEY`?",
  ],
  [
    "empty variable, in a list",
    "keys: [{ name: a, key: k, models: [env:EMPTY] }]",
    "dragoman.yaml:1:36: keys[0].models[0]: the environment variable EMPTY is empty; set it where Dragoman is started",
  ],
  [
    "secret behind env:",
    "keys: [{ name: a, key: env:sk-hunter2 }]",
    "dragoman.yaml:1:24: keys[0].key: after `env:` the name of an environment variable is expected, such as `env:GEMINI_API_KEY`",
  ],
  [
    "missing file",
    "keys: [{ name: a, key: file:/does/not/exist }]",
    "dragoman.yaml:1:24: keys[0].key: the file /does/not/exist cannot be read (ENOENT)",
  ],
  ["not a map", "- a\n- b", "dragoman.yaml:1:1: expected a map of keys and values"],
  [
    "bracket not closed",
    "keys: [{ name: hunter2\nmodels: {}",
    "dragoman.yaml:2:1: the indentation does not fit, or a bracket is not closed before here",
  ],
  ["tab", "server:\n\tport: 1", "dragoman.yaml:2:1: YAML is indented with spaces, not with tabs"],
  ["key twice", "server: {}\nserver: {}", "dragoman.yaml:2:1: this key stands here twice"],
  ["${…} is no reference", "keys: [${KEY}]", "dragoman.yaml:1:9: a bracket, a comma or a closing quote is missing here"],
  ["tag", "server: !secret hunter2", "dragoman.yaml:1:9: tags (`!…`) have no meaning here"],
  ["two documents", "server: {}\n---\nkeys: []", "dragoman.yaml:2:1: there is more than one document; remove what follows the `---`"],
  [
    "alias without anchor",
    "server: *hunter2",
    "dragoman.yaml:1:9: this is read as an alias (`*…`) of nothing; put text that begins with `*` in quotes",
  ],
  ["alias of itself", "server: &a { host: *a }", "dragoman.yaml:1:20: the document is too large or nested too deeply"],
  ["dangerous key", "providers: { __proto__: { type: gemini } }", "dragoman.yaml:1:14: `__proto__` cannot be used as a key"],
  [
    "a server of one's own without an address",
    "providers: { mine: { type: openai-compatible } }",
    "dragoman.yaml:1:14: providers.mine: has no `base_url`; add the server's address with its version, such as `base_url: http://localhost:8000/v1`",
  ],
  ["list as a key", "? [hunter2]\n: 1", "dragoman.yaml:1:3: a key must be plain text"],
];

test.each(cases)("%s", (_name, text, ...problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

describe("documented, and not implemented yet", () => {
  test.each(["vertex", "bedrock", "azure"])("provider type %s", (type) => {
    expect(problemsOf(`providers:\n  a:\n    type: ${type}\n    credentials: [{ api_key: k }]\nmodels: { m: a/b }`)).toEqual([
      `dragoman.yaml:3:11: providers.a.type: \`${type}\` is not implemented yet; implemented: ${TYPES.join(", ")}`,
    ]);
  });

  test("nothing else is said about such a provider, and the rest is checked", () => {
    expect(problemsOf("providers: { a: { type: bedrock, region: x, credentials: [{ api_key: env:NONE }] } }\nserver: { port: x }")).toEqual(
      [
        `dragoman.yaml:1:25: providers.a.type: \`bedrock\` is not implemented yet; implemented: ${TYPES.join(", ")}`,
        "dragoman.yaml:2:17: server.port: expected a whole number from 0 to 65535",
      ],
    );
  });

  test("limits and budgets", () => {
    expect(problemsOf("keys:\n  - name: a\n    key: k\n    limits: { rpm: 60 }\n    budget: { usd: 50, per: month }\n")).toEqual([
      "dragoman.yaml:4:5: keys[0].limits: is not implemented yet; remove it",
      "dragoman.yaml:5:5: keys[0].budget: is not implemented yet; remove it",
    ]);
  });

  test("their form is checked all the same", () => {
    expect(problemsOf("keys: [{ name: a, key: k, limits: { rmp: 60 }, budget: { usd: 0, per: year } }]")).toEqual([
      "dragoman.yaml:1:37: keys[0].limits.rmp: is not a known key; did you mean `rpm`?",
      "dragoman.yaml:1:63: keys[0].budget.usd: expected an amount in USD above 0",
      "dragoman.yaml:1:71: keys[0].budget.per: expected one of `day`, `week`, `month`",
    ]);
  });
});

describe("nothing but a ConfigError, and no secret in it", () => {
  /** Every inspectable piece of the error: its message is not the only thing a log shows. */
  function told(text: string): string {
    try {
      parseConfig(text, { path: "dragoman.yaml", environment });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return `${String(error)} ${JSON.stringify(error)}`;
    }
    return "";
  }

  test("no case above repeats the secret it holds", () => {
    for (const [, text] of cases) expect(told(text)).not.toContain("hunter2");
  });

  test("arbitrary text", () => {
    const yamlish = fc.string({
      unit: fc.constantFrom(
        ..."{ } [ ] : , - ? & * ! | > ' \" % @ ` # ~ \n \t".split(" "),
        " ",
        "a",
        "server",
        "keys",
        "models",
        "providers",
        "env:X",
        "__proto__",
        "<<",
        "1",
        "null",
      ),
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.oneof(yamlish, fc.string({ unit: "binary" })), (text) => {
        told(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("arbitrary values at the right places", () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>("hunter2", "env:WORD", "google/x", "10s", "gemini", null, true, 1, -1, 1.5, 1e300),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            ..."name key hash models loss limits budget type base_url timeouts credentials api_key weight priority targets strategy".split(
              " ",
            ),
            ..."host port heartbeat attempts total long max_wait connect google constructor toString".split(" "),
          ),
          tie("value"),
          { maxKeys: 4 },
        ),
      ),
    })).value;
    const document = fc.dictionary(fc.constantFrom("server", "keys", "providers", "models", "retry", "cooldown", "queue", "other"), value, {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(document, (document) => {
        expect(told(JSON.stringify(document))).not.toContain("hunter2");
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["brackets", "[".repeat(20_000)],
    ["indentation", Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["a bomb of aliases", `a: &a0 [x]\n${Array.from({ length: 20 }, (_, n) => `b${n}: &a${n + 1} [*a${n}, *a${n}, *a${n}]`).join("\n")}`],
  ])("too much nesting: %s", (_name, text) => {
    expect(told(text)).toContain("too large or nested too deeply");
  });
});
