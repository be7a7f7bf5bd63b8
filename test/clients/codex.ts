/** Codex, a native binary that speaks Responses, over HTTP or over a WebSocket. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { city } from "./city.ts";
import type { Client, Task, Turn } from "./client.ts";

/** How one of the clients is set up; the model decides which tools it offers (it has a catalogue of its own). */
interface Variant {
  readonly model: string;
  readonly webSocket: boolean;
  readonly oneCallAtOnce: boolean;
  readonly tasks: readonly Task[];
}

const mostTasks: readonly Task[] = ["answer", "stream", "tools", "json", "patch", "image"];
const everyTask: readonly Task[] = [...mostTasks, "search", "session", "compaction"];

export const codexClients: readonly Client[] = [
  codex("codex", { model: "gpt-5.5", webSocket: false, oneCallAtOnce: false, tasks: everyTask }),
  codex("codex-ws", { model: "gpt-5.5", webSocket: true, oneCallAtOnce: false, tasks: everyTask }),
  // All tools are in an `additional_tools` item, and the shell is reached through one that runs JavaScript.
  codex("codex-code-mode", { model: "gpt-6.1-sol", webSocket: false, oneCallAtOnce: true, tasks: mostTasks }),
];

function codex(name: string, variant: Variant): Client {
  return {
    name,
    speaks: "responses",
    overWebSocket: variant.webSocket,
    oneCallAtOnce: variant.oneCallAtOnce,
    installation: { name: "codex", packages: ["@openai/codex@0.169.0"] },
    tasks: variant.tasks,
    command: (turn) => {
      const folder = path.join(turn.home, ".codex");
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "config.toml"), settings(turn, variant));
      return { program: "codex", args: argumentsFor(turn, folder), environment: { GATEWAY_KEY: turn.key } };
    },
    readImagePrompt: (file) => `Use \`view_image ${JSON.stringify({ path: file })}\` and tell me what you see.`,
  };
}

/** Of a provider of this name it asks for a summary; it has any other answer an ordinary request for one. */
const asksForSummaries = "OpenAI";

/** With these it calls nothing but the base URL, but for attempts at its makers' hosts that may fail. */
function settings({ gateway, task }: Turn, { model, webSocket }: Variant): string {
  const compacts = task === "compaction";
  return `model = "${model}"
model_provider = "dragoman"
${compacts ? "model_auto_compact_token_limit = 500\n" : ""}check_for_update_on_startup = false
[analytics]
enabled = false
[feedback]
enabled = false
[model_providers.dragoman]
name = "${compacts ? asksForSummaries : "dragoman"}"
base_url = "${gateway}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
supports_websockets = ${webSocket}
`;
}

function argumentsFor({ task, prompt, continued }: Turn, folder: string): string[] {
  const options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"];
  if (task === "json") {
    const schema = path.join(folder, "schema.json");
    writeFileSync(schema, JSON.stringify(city));
    options.push("--output-schema", schema);
  }
  if (task === "image") options.push("--image", "picture.png", "--");
  return ["exec", ...(continued ? ["resume", "--last"] : []), ...options, prompt];
}
