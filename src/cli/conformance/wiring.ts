/** What the gateway under test must be told: where the simulator will listen, as which vendors, with which models. */
import type { Dialling } from "../../conformance/dialling.ts";
import { alignLines } from "../describe.ts";

/** The text of `--wiring`. */
export function wiring(simulatorPort: number, models: Dialling["models"]): string {
  const root = `http://127.0.0.1:${simulatorPort}`;
  const lines = alignLines([
    ["Anthropic", `${root}        model ${models.anthropic}`],
    ["OpenAI Chat", `${root}/v1     model ${models.chat}`],
    ["OpenAI Responses", `${root}/v1     model ${models.responses}`],
    ["Gemini", `${root}        model ${models.gemini}`],
  ]);
  return `Point the gateway's providers at the simulator, with any API key:\n\n${lines}
Then run the suite, with the models as the gateway calls them:

  dragoman conformance --target http://127.0.0.1:4000 --key $KEY --simulator-port ${simulatorPort}
`;
}
