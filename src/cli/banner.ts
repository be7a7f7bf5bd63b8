/** What `dragoman serve` prints when it listens: what runs where, and which command to try next. */
import type { Config } from "../config/config.ts";
import { providerTypes } from "../providers/index.ts";
import { Router } from "../routing/router.ts";
import { version } from "../version.ts";
import { alignLines, baseUrl, describeCallers, describeProvider, describeSource } from "./describe.ts";

/** The model that Claude Code asks for when it is told nothing else. */
const CLAUDE_CODE_MODEL = "claude-opus-5-5";
/** One whose tools Codex knows. */
const CODEX_MODEL = "gpt-6";
/** The shell variable that the commands below take a virtual key from. */
const KEY_VARIABLE = "DRAGOMAN_KEY";
/** The Messages API refuses a request without a version, and relayed requests are not completed. */
const REQUIRED_HEADERS = "-H 'content-type: application/json' -H 'anthropic-version: 2023-06-01'";

/** The lines, with a line break at their end. */
export function banner(config: Config, address: { readonly host: string; readonly port: number }): string {
  const url = baseUrl(address.host, address.port);
  const facts = alignLines([
    ["config", describeSource(config.source)],
    ["providers", config.providers.map(describeProvider).join(", ") || "none"],
    ["serves", describeCallers(config.keys)],
  ]);
  return `Dragoman ${version} listens on ${url}\n\n${facts}\n${nextCommands(config, url)}`;
}

function nextCommands(config: Config, url: string): string {
  const serves = servedBy(config);
  const candidates = [...serves.listed, CLAUDE_CODE_MODEL, ...config.providers.map(exampleModel)];
  const model = candidates.find((candidate) => serves.model(candidate));
  if (model === undefined) {
    return "Every request is answered 503 until a provider is configured: add `providers` to the config file, or remove the\nfile and set an API key in the environment.\n";
  }
  const keyed = config.keys.length > 0;
  const keyHeader = keyed ? ` -H "x-api-key: $${KEY_VARIABLE}"` : "";
  const body = JSON.stringify({ model, max_tokens: 256, messages: [{ role: "user", content: "Hello!" }] });
  const modelFlag = serves.model(CLAUDE_CODE_MODEL) ? "" : ` --model ${model}`;
  const codexModel = serves.model(CODEX_MODEL) ? CODEX_MODEL : model;
  const key = keyed ? `"$${KEY_VARIABLE}"` : "any";
  return [
    keyed ? `Try, with one of the keys in ${KEY_VARIABLE}:` : "Try:",
    `  curl ${url}/v1/messages ${REQUIRED_HEADERS}${keyHeader} -d '${body}'`,
    `  ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${key} claude${modelFlag}`,
    `  CODEX_API_KEY=${key} codex -c openai_base_url='"${url}/v1"' -m ${codexModel}`,
    "",
    "Clients of OpenAI's and Google's protocols are pointed here with:",
    `  OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key}`,
    `  GOOGLE_GEMINI_BASE_URL=${url} GEMINI_API_KEY=${key}`,
    "",
  ].join("\n");
}

function servedBy({ routes, providers }: Config) {
  const router = new Router(routes, providers);
  return {
    listed: router.listModels(),
    model(name: string): boolean {
      try {
        return router.resolve(name).steps.length > 0;
      } catch {
        return false;
      }
    },
  };
}

/** A model's full name is served whatever the routes say. */
function exampleModel({ name, type }: Config["providers"][number]): string {
  const known = providerTypes.find((candidate) => candidate.type === type);
  return `${name}/${known?.exampleModel ?? "model"}`;
}
