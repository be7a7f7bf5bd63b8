/** `thinking` and `output_config` of a request (A.1.2, B.0.5). What has no neutral form is handed back as native fields. */
import type { Effort, OutputFormat, Reasoning } from "../../../chat/chat.ts";
import type { JsonObject, JsonValue } from "../../../chat/json.ts";
import { integerField, objectField, refuse, required, stringField } from "../fields.ts";
import { leftover } from "../native.ts";
import { EFFORTS } from "../wire.ts";

/** An effort of the wire's, if it is one we know. */
export function effortOf(value: JsonValue | undefined): Effort | undefined {
  return EFFORTS.find((effort) => effort === value);
}

/** What a request says about reasoning and the form of its answer. */
export interface DecodedConfig {
  readonly reasoning?: Reasoning;
  readonly outputFormat?: OutputFormat;
  readonly native: JsonObject;
}

/** @throws GatewayError `invalid-request`, naming the field. */
export function decodeConfig(body: JsonObject): DecodedConfig {
  const thinking = decodeThinking(objectField(body, "thinking", ""));
  const config = objectField(body, "output_config", "") ?? {};
  const effort = effortOf(stringField(config, "effort", "output_config"));
  // The deprecated place counts when the current one is empty (rule 217).
  const current = objectField(config, "format", "output_config");
  const format = current
    ? decodeFormat(current, "output_config.format")
    : decodeFormat(objectField(body, "output_format", ""), "output_format");
  const configRest = {
    ...leftover(config, effort ? ["effort", "format"] : ["format"]),
    ...(format && Object.keys(format.native).length > 0 && { format: format.native }),
  };
  const reasoning = { ...thinking?.reasoning, ...(effort && { effort }) };
  return {
    ...(Object.keys(reasoning).length > 0 && { reasoning }),
    ...(format?.outputFormat && { outputFormat: format.outputFormat }),
    native: {
      ...(thinking && Object.keys(thinking.native).length > 0 && { thinking: thinking.native }),
      ...(Object.keys(configRest).length > 0 && { output_config: configRest }),
    },
  };
}

function decodeThinking(thinking: JsonObject | undefined): { reasoning: Reasoning; native: JsonObject } | undefined {
  if (!thinking) return undefined;
  const display = stringField(thinking, "display", "thinking");
  const show = display === undefined ? {} : { show: display !== "omitted" };
  const known = ["type", ...(display === "summarized" || display === "omitted" ? ["display"] : [])];
  switch (required(stringField, thinking, "type", "thinking")) {
    case "enabled": {
      const budgetTokens = required(integerField, thinking, "budget_tokens", "thinking");
      return { reasoning: { mode: "on", budgetTokens, ...show }, native: leftover(thinking, [...known, "budget_tokens"]) };
    }
    case "adaptive":
      return { reasoning: { mode: "adaptive", ...show }, native: leftover(thinking, known) };
    case "between_tools":
      return { reasoning: { mode: "between-tools", ...show }, native: leftover(thinking, known) };
    case "disabled":
      return { reasoning: { mode: "off", ...show }, native: leftover(thinking, known) };
    default:
      return refuse("thinking.type", "Input should be 'enabled', 'adaptive', 'between_tools' or 'disabled'");
  }
}

function decodeFormat(format: JsonObject | undefined, path: string): { outputFormat?: OutputFormat; native: JsonObject } | undefined {
  if (!format) return undefined;
  if (required(stringField, format, "type", path) !== "json_schema") return { native: format };
  const schema = required(objectField, format, "schema", path);
  return { outputFormat: { type: "json-schema", schema }, native: leftover(format, ["type", "schema"]) };
}
