/** Anthropic's checks of everything in a request but its messages (dossier A.1.1 to A.1.3). Each throws the vendor's 400. */
import { fieldsOf, isFields, listOf, numberOf, textOf, type Fields } from "./json-values.ts";
import { invalid } from "./vendor-error.ts";

const SHARED_FIELDS =
  "model messages system tools tool_choice thinking output_config output_format cache_control context_management compaction mcp_servers speed billing_policy";
const GENERATE_FIELDS =
  "max_tokens stream stop_sequences temperature top_p top_k container metadata service_tier inference_geo diagnostics fallbacks fallback_credit_token thread";
const COUNT_FIELDS = new Set(SHARED_FIELDS.split(" "));
const ALL_FIELDS = new Set([...COUNT_FIELDS, ...GENERATE_FIELDS.split(" ")]);

const VERSIONS = ["2023-06-01", "2026-10-21"];
const NEWEST = "2026-10-21";
const MAX_CACHE_MARKS = 4;
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;

/** Checks the `anthropic-version` header and returns it. */
export function checkVersion(header: unknown): string {
  const version = textOf(header);
  if (version === "") throw invalid("anthropic-version: header is required");
  if (!VERSIONS.includes(version)) throw invalid(`anthropic-version: "${version}" is not a valid version`);
  return version;
}

/** Checks the fields of a request to generate, or to count when `counting`. */
export function checkFields(body: Fields, version: string, counting: boolean): void {
  if (typeof body["model"] !== "string") throw invalid(missingOr(body["model"], "model", "Input should be a valid string"));
  if (!counting) checkLimits(body, version);
  const known = counting ? COUNT_FIELDS : ALL_FIELDS;
  for (const name of Object.keys(body)) if (!known.has(name)) throw invalid(`${name}: Extra inputs are not permitted`);
  checkSystem(body["system"]);
  checkTools(body);
  checkToolChoice(body);
  checkThinking(body);
  checkFormat(body);
  const marks = cacheMarks(body["tools"]) + cacheMarks(body["system"]) + cacheMarks(body["messages"]);
  if (marks > MAX_CACHE_MARKS) throw invalid(`A maximum of ${MAX_CACHE_MARKS} blocks with cache_control may be provided. Found ${marks}.`);
}

/** The version in a Claude model's name, as a number: 4.6 for `claude-opus-4-6`; `Infinity` for a name that has none. */
export function claudeVersion(model: string): number {
  const match = /claude-(?:[a-z]+-)?(\d+)(?:-(\d{1,2})(?!\d))?/.exec(model);
  return match === null ? Infinity : Number(`${match[1]}.${match[2] ?? 0}`);
}

function missingOr(value: unknown, path: string, complaint: string): string {
  return `${path}: ${value === undefined ? "Field required" : complaint}`;
}

function checkLimits(body: Fields, version: string): void {
  const max = body["max_tokens"];
  if (!Number.isInteger(max)) throw invalid(missingOr(max, "max_tokens", "Input should be a valid integer"));
  if ((max as number) < 0) throw invalid("max_tokens: Input should be greater than or equal to 0");
  if (body["stream"] !== undefined && typeof body["stream"] !== "boolean") throw invalid("stream: Input should be a valid boolean");
  for (const [index, sequence] of listOf(body["stop_sequences"]).entries()) {
    if (typeof sequence !== "string") throw invalid(`stop_sequences.${index}: Input should be a valid string`);
    if (sequence.trim() === "") throw invalid("stop_sequences: each stop sequence must contain non-whitespace");
  }
  checkSampling(body, version);
}

function checkSampling(body: Fields, version: string): void {
  const late = claudeVersion(textOf(body["model"])) > 4.6;
  for (const name of ["temperature", "top_p", "top_k"]) {
    const value = body[name];
    if (value === undefined) continue;
    if (version === NEWEST) throw invalid(`${name}: not supported in API version ${NEWEST}`);
    if (typeof value !== "number") throw invalid(`${name}: Input should be a valid number`);
    if (value < 0) throw invalid(`${name}: Input should be greater than or equal to 0`);
    if (name !== "top_k" && value > 1) throw invalid(`${name}: Input should be less than or equal to 1`);
    const isDefault = (name === "temperature" && value === 1) || (name === "top_p" && value >= 0.99);
    if (late && claudeVersion(textOf(body["model"])) !== Infinity && !isDefault)
      throw invalid(`\`${name}\` is not supported on this model.`);
  }
  if (thinks(body) && (numberOf(body["temperature"]) ?? 1) !== 1)
    throw invalid("`temperature` may only be set to 1 when thinking is enabled.");
}

function checkSystem(system: unknown): void {
  if (system === undefined || typeof system === "string") return;
  if (!Array.isArray(system)) throw invalid("system: Input should be a valid list");
  for (const [index, block] of system.entries()) {
    const fields = fieldsOf(block);
    if (fields["type"] !== "text") throw invalid(`system.${index}.type: Input should be 'text'`);
    if (typeof fields["text"] !== "string") throw invalid(`system.${index}.text: Field required`);
    if (fields["text"] === "") throw invalid("system: text content blocks must be non-empty");
  }
}

function checkTools(body: Fields): void {
  const names = new Set<string>();
  for (const [index, tool] of listOf(body["tools"]).entries()) {
    const fields = fieldsOf(tool);
    const type = fields["type"];
    if (type !== undefined && type !== "custom") continue;
    const path = `tools.${index}.custom`;
    const name = fields["name"];
    if (typeof name !== "string") throw invalid(missingOr(name, `${path}.name`, "Input should be a valid string"));
    if (!TOOL_NAME.test(name)) throw invalid(`${path}.name: String should match pattern '${TOOL_NAME.source}'`);
    if (names.has(name)) throw invalid("tools: Tool names must be unique.");
    names.add(name);
    if (!isFields(fields["input_schema"]))
      throw invalid(missingOr(fields["input_schema"], `${path}.input_schema`, "Input should be an object"));
    if (fields["input_schema"]["type"] !== "object") throw invalid(`${path}.input_schema.type: Input should be 'object'`);
  }
}

function checkToolChoice(body: Fields): void {
  if (body["tool_choice"] === undefined) return;
  const choice = fieldsOf(body["tool_choice"]);
  const type = textOf(choice["type"]);
  if (!["auto", "any", "tool", "none"].includes(type)) {
    throw invalid(
      `tool_choice: Input tag '${type}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
    );
  }
  const tools = listOf(body["tools"]).map(fieldsOf);
  if (tools.length === 0) throw invalid("tool_choice may only be specified while providing tools.");
  if (type === "tool" && !tools.some((tool) => tool["name"] === choice["name"])) {
    throw invalid(`tool_choice: Tool '${textOf(choice["name"])}' not found in provided tools`);
  }
  if ((type === "any" || type === "tool") && thinks(body)) throw invalid("Thinking may not be enabled when tool_choice forces tool use.");
}

function thinks(body: Fields): boolean {
  const type = fieldsOf(body["thinking"])["type"];
  return type === "enabled" || type === "adaptive";
}

function checkThinking(body: Fields): void {
  if (body["thinking"] === undefined) return;
  const thinking = fieldsOf(body["thinking"]);
  const type = textOf(thinking["type"]);
  if (!["enabled", "adaptive", "disabled", "between_tools"].includes(type)) {
    throw invalid(
      `thinking: Input tag '${type}' found using 'type' does not match any of the expected tags: 'adaptive', 'between_tools', 'disabled', 'enabled'`,
    );
  }
  if (type !== "enabled") return;
  const budget = thinking["budget_tokens"];
  if (typeof budget !== "number") throw invalid(missingOr(budget, "thinking.enabled.budget_tokens", "Input should be a valid integer"));
  if (budget < 1024) throw invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
  const max = numberOf(body["max_tokens"]);
  if (max !== undefined && budget >= max) throw invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
}

function checkFormat(body: Fields): void {
  const format = fieldsOf(body["output_config"])["format"] ?? body["output_format"];
  if (format === undefined || format === null) return;
  if (fieldsOf(format)["type"] !== "json_schema") throw invalid("output_config.format.type: Input should be 'json_schema'");
  const schema = fieldsOf(format)["schema"];
  if (!isFields(schema)) throw invalid(missingOr(schema, "output_config.format.schema", "Input should be an object"));
  if (hasOpenObject(schema))
    throw invalid("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false");
}

function hasOpenObject(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(hasOpenObject);
  if (!isFields(schema)) return false;
  if (schema["type"] === "object" && schema["additionalProperties"] !== false) return true;
  const named = [schema["properties"], schema["$defs"]].flatMap((group) => Object.values(fieldsOf(group)));
  return [...named, schema["items"], schema["anyOf"], schema["allOf"]].some(hasOpenObject);
}

function cacheMarks(value: unknown): number {
  return listOf(value)
    .map(fieldsOf)
    .reduce((sum, block) => sum + (isFields(block["cache_control"]) ? 1 : 0) + cacheMarks(block["content"]), 0);
}
