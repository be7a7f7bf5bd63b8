import type { Client } from "./client.ts";

/** Claude Code, a native binary that speaks Anthropic Messages. */
export const claudeCode: Client = {
  name: "claude-code",
  speaks: "messages",
  installation: { name: "claude-code", packages: ["@anthropic-ai/claude-code@2.1.330"] },
  tasks: ["answer", "stream", "tools", "session"],
  command: ({ prompt, gateway, key, continued }) => ({
    program: "claude",
    args: ["-p", "--output-format", "text", "--allowedTools", "Bash", "Read", ...(continued ? ["--continue"] : []), "--", prompt],
    environment: {
      ANTHROPIC_BASE_URL: gateway,
      ANTHROPIC_AUTH_TOKEN: key,
      // With these it calls nothing but the base URL.
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
    },
  }),
  readImagePrompt: (file) => `Use \`Read ${JSON.stringify({ file_path: file })}\` and tell me what you see.`,
};
