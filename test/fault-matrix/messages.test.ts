/** The fault matrix (resilience §7) as clients of Messages see it. */
import { faultMatrix } from "./matrix.ts";

faultMatrix("anthropic", ["chat", "gemini"]);
