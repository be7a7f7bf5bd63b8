/** Tools, their choice and their results: rows of the table. */
import type { JsonObject } from "../../src/chat/json.ts";
import {
  chat,
  chatTool,
  chatTools,
  document,
  gemini,
  geminiResult,
  geminiTools,
  image,
  inputFile,
  inputImage,
  messages,
  messagesResult,
  messagesTool,
  messagesTools,
  PDF,
  PNG,
  responses,
  responsesResult,
  responsesTool,
  responsesTools,
  SCHEMA,
  type Feature,
} from "./feature.ts";

export const TOOL_FEATURES: readonly Feature[] = [
  {
    name: "function tools",
    bodies: {
      "anthropic-messages": messagesTools(),
      "openai-chat": chatTools(),
      gemini: geminiTools(),
      "openai-responses": responsesTools(),
    },
  },
  {
    name: "strict functions",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ ...messagesTool, strict: true }] }),
      "openai-chat": chat("hi", {
        tools: [{ type: "function", function: { ...(chatTool["function"] as JsonObject), strict: true } }],
      }),
      gemini: geminiTools({ mode: "VALIDATED" }),
      "openai-responses": responses("hi", { tools: [{ ...responsesTool, strict: true }] }),
    },
  },
  {
    name: "schema with `$ref`, `oneOf`, `pattern`",
    bodies: (() => {
      const schema: JsonObject = {
        type: "object",
        properties: {
          id: { type: "string", pattern: "^[a-z]+$" },
          place: { $ref: "#/$defs/place" },
          size: { oneOf: [{ type: "integer", exclusiveMinimum: 0 }, { type: "null" }] },
        },
        required: ["id"],
        $defs: { place: { type: "object", properties: { city: { type: "string" } } } },
      };
      return {
        "anthropic-messages": messages("hi", { tools: [{ ...messagesTool, input_schema: schema }] }),
        "openai-chat": chat("hi", { tools: [{ type: "function", function: { name: "weather", parameters: schema } }] }),
        gemini: gemini([{ text: "hi" }], { tools: [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: schema }] }] }),
        "openai-responses": responses("hi", { tools: [{ type: "function", name: "weather", parameters: schema, strict: false }] }),
      };
    })(),
  },
  {
    name: "free-text tool with a grammar",
    bodies: {
      "openai-chat": chat("hi", {
        tools: [
          {
            type: "custom",
            custom: {
              name: "patch",
              description: "Patches.",
              format: { type: "grammar", grammar: { syntax: "lark", definition: "start: /a+/" } },
            },
          },
        ],
      }),
      "openai-responses": responses("hi", {
        tools: [
          {
            type: "custom",
            name: "patch",
            description: "Patches.",
            format: { type: "grammar", syntax: "lark", definition: "start: /a+/" },
          },
        ],
      }),
    },
  },
  {
    name: "shell, editor and memory tools of the vendor",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ type: "bash_20250124", name: "bash" }] }),
      "openai-responses": responses("hi", { tools: [{ type: "local_shell" }, { type: "apply_patch" }] }),
    },
  },
  {
    name: "tools in namespaces",
    bodies: {
      "openai-responses": responses("hi", {
        tools: [{ type: "namespace", name: "mcp__sky", description: "", tools: [responsesTool] }],
      }),
    },
  },
  {
    name: "what a namespace is for",
    bodies: {
      "openai-responses": responses("hi", {
        tools: [{ type: "namespace", name: "mcp__sky", description: "Looks up.", tools: [responsesTool] }],
      }),
    },
  },
  {
    name: "tools that the conversation adds",
    bodies: {
      "openai-responses": {
        input: [
          { type: "additional_tools", role: "developer", tools: [responsesTool] },
          { role: "user", content: "hi" },
        ],
      },
    },
  },
  {
    name: "search for tools that the client runs",
    bodies: {
      "openai-responses": {
        tools: [
          {
            type: "tool_search",
            execution: "client",
            description: "Finds tools.",
            parameters: { type: "object", properties: { query: { type: "string" } } },
          },
        ],
        input: [
          { role: "user", content: "hi" },
          { type: "tool_search_call", call_id: "call_1", execution: "client", arguments: { query: "weather" } },
          {
            type: "tool_search_output",
            call_id: "call_1",
            execution: "client",
            status: "completed",
            tools: [{ ...responsesTool, defer_loading: true }],
          },
        ],
      },
    },
  },
  {
    name: "files searched by the provider",
    bodies: { "openai-responses": responses("hi", { tools: [{ type: "file_search", vector_store_ids: ["vs_1"] }] }) },
  },
  {
    name: "MCP servers called by the provider",
    bodies: {
      "openai-responses": responses("hi", {
        tools: [{ type: "mcp", server_label: "sky", server_url: "https://example.com/mcp", require_approval: "never" }],
      }),
    },
  },
  {
    name: "computer use",
    bodies: {
      "anthropic-messages": messages("hi", {
        tools: [{ type: "computer_20251124", name: "computer", display_width_px: 800, display_height_px: 600 }],
      }),
      gemini: gemini([{ text: "hi" }], { tools: [{ computerUse: { environment: "ENVIRONMENT_BROWSER" } }] }),
      "openai-responses": responses("hi", {
        tools: [{ type: "computer_use_preview", display_width: 800, display_height: 600, environment: "browser" }],
      }),
    },
  },
  {
    name: "tools loaded on demand",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [messagesTool, { ...messagesTool, name: "later", defer_loading: true }] }),
      "openai-responses": responses("hi", {
        tools: [{ type: "tool_search" }, responsesTool, { ...responsesTool, name: "later", defer_loading: true }],
      }),
    },
  },
  {
    name: "web search by the provider",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ type: "web_search_20260318", name: "web_search" }] }),
      "openai-chat": chat("hi", { web_search_options: {} }),
      gemini: gemini([{ text: "hi" }], { tools: [{ googleSearch: {} }] }),
      "openai-responses": responses("hi", { tools: [{ type: "web_search" }] }),
    },
  },
  {
    name: "web search limited to domains",
    bodies: {
      "anthropic-messages": messages("hi", {
        tools: [{ type: "web_search_20260318", name: "web_search", allowed_domains: ["example.com"] }],
      }),
      "openai-responses": responses("hi", { tools: [{ type: "web_search", filters: { allowed_domains: ["example.com"] } }] }),
    },
  },
  {
    name: "web fetch by the provider",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ type: "web_fetch_20260318", name: "web_fetch" }] }),
      gemini: gemini([{ text: "hi" }], { tools: [{ urlContext: {} }] }),
    },
  },
  {
    name: "code execution by the provider",
    bodies: {
      "anthropic-messages": messages("hi", { tools: [{ type: "code_execution_20260521", name: "code_execution" }] }),
      gemini: gemini([{ text: "hi" }], { tools: [{ codeExecution: {} }] }),
      "openai-responses": responses("hi", { tools: [{ type: "code_interpreter", container: { type: "auto" } }] }),
    },
  },
  {
    name: "some tool must be called",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "any" } }),
      "openai-chat": chatTools({ tool_choice: "required" }),
      gemini: geminiTools({ mode: "ANY" }),
      "openai-responses": responsesTools({ tool_choice: "required" }),
    },
  },
  {
    name: "one tool must be called",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "tool", name: "weather" } }),
      "openai-chat": chatTools({ tool_choice: { type: "function", function: { name: "weather" } } }),
      gemini: geminiTools({ mode: "ANY", allowedFunctionNames: ["weather"] }),
      "openai-responses": responsesTools({ tool_choice: { type: "function", name: "weather" } }),
    },
  },
  {
    name: "only some tools may be called",
    bodies: {
      "openai-chat": chat("hi", {
        tools: [
          chatTool,
          { type: "function", function: { name: "other", parameters: SCHEMA } },
          { type: "function", function: { name: "third", parameters: SCHEMA } },
        ],
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: {
            mode: "auto",
            tools: [
              { type: "function", function: { name: "weather" } },
              { type: "function", function: { name: "other" } },
            ],
          },
        },
      }),
      "openai-responses": responses("hi", {
        tools: [responsesTool, { ...responsesTool, name: "other" }, { ...responsesTool, name: "third" }],
        tool_choice: {
          type: "allowed_tools",
          mode: "auto",
          tools: [
            { type: "function", name: "weather" },
            { type: "function", name: "other" },
          ],
        },
      }),
    },
  },
  {
    name: "no tool may be called",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "none" } }),
      "openai-chat": chatTools({ tool_choice: "none" }),
      gemini: geminiTools({ mode: "NONE" }),
      "openai-responses": responsesTools({ tool_choice: "none" }),
    },
  },
  {
    name: "one call at a time",
    bodies: {
      "anthropic-messages": messagesTools({ tool_choice: { type: "auto", disable_parallel_tool_use: true } }),
      "openai-chat": chatTools({ parallel_tool_calls: false }),
      "openai-responses": responsesTools({ parallel_tool_calls: false }),
    },
  },
  {
    name: "tool result, text",
    bodies: {
      "anthropic-messages": messagesResult([{ type: "text", text: "sunny" }]),
      "openai-chat": {
        tools: [chatTool],
        messages: [
          { role: "user", content: "hi" },
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
          },
          { role: "tool", tool_call_id: "call_1", content: "sunny" },
        ],
      },
      gemini: geminiResult({ response: { output: "sunny" } }),
      "openai-responses": responsesResult("sunny"),
    },
  },
  {
    name: "tool result, error",
    bodies: {
      "anthropic-messages": messagesResult([{ type: "text", text: "no such city" }], { is_error: true }),
      gemini: geminiResult({ response: { error: "no such city" } }),
    },
  },
  {
    name: "tool result, image",
    bodies: {
      "anthropic-messages": messagesResult([image]),
      gemini: geminiResult({ response: {}, parts: [{ inlineData: { mimeType: "image/png", data: PNG } }] }),
      "openai-responses": responsesResult([inputImage]),
    },
  },
  {
    name: "tool result, PDF",
    bodies: {
      "anthropic-messages": messagesResult([document]),
      gemini: geminiResult({ response: {}, parts: [{ inlineData: { mimeType: "application/pdf", data: PDF } }] }),
      "openai-responses": responsesResult([inputFile]),
    },
  },
];
