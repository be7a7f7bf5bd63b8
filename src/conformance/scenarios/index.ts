/** The catalogue. */
import type { Scenario } from "../scenario.ts";
import { ENDINGS } from "./endings.ts";
import { ERRORS } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { MEDIA } from "./media.ts";
import { MODELS } from "./models.ts";
import { SEARCH } from "./search.ts";
import { STATE } from "./state.ts";
import { STREAMS } from "./streams.ts";
import { STRUCTURED } from "./structured.ts";
import { TEXT } from "./text.ts";
import { THINKING } from "./thinking.ts";
import { TOOL_CHOICE } from "./tool-choice.ts";
import { TOOL_KINDS } from "./tool-kinds.ts";
import { TOOLS } from "./tools.ts";
import { USAGE } from "./usage.ts";

/** Every scenario, by feature. */
export const SCENARIOS: readonly Scenario[] = [
  ...TEXT,
  ...MEDIA,
  ...TOOLS,
  ...TOOL_CHOICE,
  ...TOOL_KINDS,
  ...THINKING,
  ...STRUCTURED,
  ...LIMITS,
  ...USAGE,
  ...ENDINGS,
  ...ERRORS,
  ...STREAMS,
  ...SEARCH,
  ...STATE,
  ...MODELS,
];
