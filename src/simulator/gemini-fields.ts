/**
 * Gemini's request as its protobuf messages: which fields each has and of what kind. Reading a body through it refuses
 * unknown names as the vendor does, and turns snake_case names, which are as good, into camelCase (dossier A.4.1, A.4.2).
 */
import { isFields, type Fields } from "./json-values.ts";
import { invalid, VendorError } from "./vendor-error.ts";

/** A scalar, any JSON, or another message; in a list one of it may repeat; a `map` has free names. */
type Kind =
  | "string"
  | "number"
  | "boolean"
  | "bytes"
  | "strings"
  | "enum"
  | "any"
  | MessageName
  | `${MessageName}[]`
  | `map:${MessageName}`;
type MessageName = keyof typeof MESSAGES;

const MESSAGES = {
  Request: {
    model: "string",
    contents: "Content[]",
    systemInstruction: "Content",
    tools: "Tool[]",
    toolConfig: "ToolConfig",
    safetySettings: "SafetySetting[]",
    generationConfig: "GenerationConfig",
    cachedContent: "string",
    serviceTier: "string",
    store: "boolean",
    continuationToken: "string",
  },
  CountRequest: { contents: "Content[]", generateContentRequest: "Request" },
  Content: { parts: "Part[]", role: "string" },
  Part: {
    text: "string",
    inlineData: "Blob",
    fileData: "FileData",
    functionCall: "FunctionCall",
    functionResponse: "FunctionResponse",
    executableCode: "any",
    codeExecutionResult: "any",
    toolCall: "any",
    toolResponse: "any",
    thought: "boolean",
    thoughtSignature: "bytes",
    videoMetadata: "any",
    mediaResolution: "any",
    partMetadata: "any",
  },
  Blob: { mimeType: "string", data: "bytes", displayName: "string" },
  FileData: { mimeType: "string", fileUri: "string", displayName: "string" },
  FunctionCall: { id: "string", name: "string", args: "any", partialArgs: "any", willContinue: "boolean" },
  FunctionResponse: {
    id: "string",
    name: "string",
    response: "any",
    parts: "FunctionResponsePart[]",
    scheduling: "string",
    willContinue: "boolean",
  },
  FunctionResponsePart: { inlineData: "Blob", fileData: "FileData" },
  Tool: {
    functionDeclarations: "FunctionDeclaration[]",
    googleSearch: "any",
    googleSearchRetrieval: "any",
    urlContext: "any",
    codeExecution: "any",
    computerUse: "any",
    fileSearch: "any",
    googleMaps: "any",
    mcpServers: "any",
  },
  FunctionDeclaration: {
    name: "string",
    description: "string",
    behavior: "string",
    parameters: "Schema",
    parametersJsonSchema: "any",
    response: "Schema",
    responseJsonSchema: "any",
  },
  ToolConfig: { functionCallingConfig: "FunctionCallingConfig", retrievalConfig: "any", includeServerSideToolInvocations: "boolean" },
  FunctionCallingConfig: { mode: "string", allowedFunctionNames: "strings" },
  SafetySetting: { category: "enum", threshold: "enum" },
  GenerationConfig: {
    temperature: "number",
    topP: "number",
    topK: "number",
    candidateCount: "number",
    maxOutputTokens: "number",
    stopSequences: "strings",
    presencePenalty: "number",
    frequencyPenalty: "number",
    seed: "number",
    responseLogprobs: "boolean",
    logprobs: "number",
    responseMimeType: "string",
    responseSchema: "Schema",
    responseJsonSchema: "any",
    responseFormat: "any",
    responseModalities: "strings",
    mediaResolution: "string",
    speechConfig: "any",
    imageConfig: "any",
    thinkingConfig: "ThinkingConfig",
    enableEnhancedCivicAnswers: "boolean",
  },
  ThinkingConfig: { includeThoughts: "boolean", thinkingBudget: "number", thinkingLevel: "string" },
  Schema: {
    type: "string",
    format: "string",
    title: "string",
    description: "string",
    nullable: "boolean",
    enum: "strings",
    items: "Schema",
    minItems: "number",
    maxItems: "number",
    properties: "map:Schema",
    required: "strings",
    minProperties: "number",
    maxProperties: "number",
    minimum: "number",
    maximum: "number",
    minLength: "number",
    maxLength: "number",
    pattern: "string",
    anyOf: "Schema[]",
    propertyOrdering: "strings",
    default: "any",
    example: "any",
  },
} as const;

const SCALAR_TYPES: Readonly<Record<string, string>> = {
  string: "TYPE_STRING",
  number: "TYPE_DOUBLE",
  boolean: "TYPE_BOOL",
  bytes: "TYPE_BYTES",
  enum: "TYPE_ENUM",
};
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** The body with its names in camelCase; throws the vendor's 400 listing every field it does not know. */
export function readBody(body: unknown, message: "Request" | "CountRequest"): Fields {
  const unknown: string[] = [];
  const read = readMessage(body, message, "", unknown);
  if (unknown.length > 0) throw new VendorError(400, unknown.join("\n"), { details: [violations(unknown)] });
  return read;
}

function violations(descriptions: readonly string[]): object {
  return { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: descriptions.map((description) => ({ description })) };
}

function readMessage(value: unknown, message: MessageName, path: string, unknown: string[]): Fields {
  if (!isFields(value)) throw invalid(`Invalid value at '${path}' (${message}), ${JSON.stringify(value)}`);
  const kinds: Readonly<Record<string, string>> = MESSAGES[message];
  const read: Record<string, unknown> = {};
  for (const [given, child] of Object.entries(value)) {
    const name = given.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const kind = kinds[name] as Kind | undefined;
    if (kind === undefined)
      unknown.push(`Invalid JSON payload received. Unknown name "${given}"${path === "" ? "" : ` at '${path}'`}: Cannot find field.`);
    else if (child !== null) read[name] = readValue(child, kind, path === "" ? snake(name) : `${path}.${snake(name)}`, unknown);
  }
  return read;
}

function readValue(value: unknown, kind: Kind, path: string, unknown: string[]): unknown {
  if (kind === "any" || (kind === "enum" && typeof value === "number")) return value;
  if (kind === "strings") return repeated(value).map((item, index) => readScalar(item, "string", `${path}[${index}]`));
  if (kind.startsWith("map:")) {
    if (!isFields(value)) throw invalid(`Invalid value at '${path}' (Map), ${JSON.stringify(value)}`);
    const entries = Object.entries(value).map(([name, item], index) => [
      name,
      readMessage(item, "Schema", `${path}[${index}].value`, unknown),
    ]);
    return Object.fromEntries(entries) as Fields;
  }
  if (kind.endsWith("[]")) {
    const message = kind.slice(0, -2) as MessageName;
    return repeated(value).map((item, index) => readMessage(item, message, `${path}[${index}]`, unknown));
  }
  return kind in MESSAGES ? readMessage(value, kind as MessageName, path, unknown) : readScalar(value, kind, path);
}

/** One value where a list may stand is a list of one. */
function repeated(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function readScalar(value: unknown, kind: string, path: string): unknown {
  if (kind === "bytes" && typeof value === "string" && !BASE64.test(value)) {
    throw invalid(`Invalid value at '${path}' (TYPE_BYTES), Base64 decoding failed for "${value.slice(0, 60)}"`);
  }
  const wanted = kind === "bytes" || kind === "enum" ? "string" : kind;
  const numeric = wanted === "number" && typeof value === "string" && value !== "" && Number.isFinite(Number(value));
  if (typeof value !== wanted && !numeric) throw invalid(`Invalid value at '${path}' (${SCALAR_TYPES[kind]}), ${JSON.stringify(value)}`);
  return numeric ? Number(value) : value;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
