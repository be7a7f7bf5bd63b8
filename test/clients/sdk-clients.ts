/** Clients that are libraries: each has a driver, a program that does one task with it. */
import { fileURLToPath } from "node:url";

import type { Client, Installation, Task } from "./client.ts";

const aiSdkPackages: Installation = {
  name: "ai-sdk",
  packages: [
    "ai@7.0.173",
    "@ai-sdk/anthropic@4.0.105",
    "@ai-sdk/openai@4.0.118",
    "@ai-sdk/openai-compatible@3.0.92",
    "@ai-sdk/google@4.0.121",
  ],
};

/** The official SDKs have the versions of the project's tests; the AI SDK is Vercel's, with one provider per protocol. */
export const sdkClients: readonly Client[] = [
  sdkClient("openai-sdk", "chat", "openai", ["answer", "stream", "tools", "json", "models"]),
  sdkClient("openai-sdk-responses", "responses", "openai-responses", ["answer", "stream", "tools", "json", "count", "models"]),
  sdkClient("openai-sdk-responses-stored", "responses", "openai-responses", ["tools"]),
  sdkClient("openai-sdk-responses-ws", "responses", "openai-responses", ["answer", "stream", "tools"]),
  sdkClient("genai-sdk", "gemini", "google-genai", ["answer", "stream", "tools", "json", "count", "models"]),
  sdkClient("genai-sdk-vertex", "gemini", "google-genai", ["answer", "stream", "tools", "json", "count", "models"]),
  sdkClient("ai-sdk-anthropic", "messages", "ai-sdk", ["answer", "stream", "tools", "json"], aiSdkPackages),
  sdkClient("ai-sdk-openai", "responses", "ai-sdk", ["answer", "stream", "tools", "json"], aiSdkPackages),
  sdkClient("ai-sdk-openai-chat", "chat", "ai-sdk", ["answer", "stream", "tools", "json"], aiSdkPackages),
  sdkClient("ai-sdk-openai-compatible", "chat", "ai-sdk", ["answer", "stream", "tools", "json"], aiSdkPackages),
  sdkClient("ai-sdk-google", "gemini", "ai-sdk", ["answer", "stream", "tools", "json"], aiSdkPackages),
];

function sdkClient(name: string, speaks: string, driver: string, tasks: readonly Task[], installation?: Installation): Client {
  const file = fileURLToPath(new URL(`drivers/${driver}.ts`, import.meta.url));
  return {
    name,
    speaks,
    overWebSocket: name.endsWith("-ws"),
    ...(installation && { installation }),
    tasks,
    command: ({ task, prompt, gateway, key, modules }) => ({
      program: process.execPath,
      args: [file, name, task, prompt],
      environment: { GATEWAY: gateway, KEY: key, MODULES: modules },
    }),
  };
}
