/** The fault matrix (resilience §7) as clients of Chat Completions see it. */
import { faultMatrix } from "./matrix.ts";

faultMatrix("chat", ["anthropic", "responses"]);
