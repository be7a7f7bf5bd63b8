/** The fault matrix (resilience §7) as clients of Responses see it. */
import { faultMatrix } from "./matrix.ts";

faultMatrix("responses", ["anthropic", "gemini"]);
