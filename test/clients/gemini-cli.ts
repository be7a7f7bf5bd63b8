import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Client } from "./client.ts";

/** With these it logs in by key and calls nothing but the base URL. */
const settings = {
  security: { auth: { selectedType: "gemini-api-key" } },
  general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
  telemetry: { enabled: false },
  privacy: { usageStatisticsEnabled: false },
};

/** Gemini CLI, a Node program that speaks Gemini. A conversation that it resumes lacks results of earlier calls, so it has no sessions. */
export const geminiCli: Client = {
  name: "gemini-cli",
  speaks: "gemini",
  installation: { name: "gemini-cli", packages: ["@google/gemini-cli@0.61.0"] },
  tasks: ["answer", "stream", "tools"],
  command: ({ prompt, gateway, key, home }) => {
    const folder = path.join(home, ".gemini");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "settings.json"), JSON.stringify(settings));
    return {
      program: "gemini",
      // Without a model's name it first asks a small model which one to take.
      args: ["-m", "gemini-3.8-pro", "-y", "-p", prompt],
      environment: { GEMINI_API_KEY: key, GOOGLE_GEMINI_BASE_URL: gateway, GEMINI_CLI_TRUST_WORKSPACE: "true" },
    };
  },
};
