/** The fault matrix (resilience §7) as clients of Gemini see it. */
import { faultMatrix } from "./matrix.ts";

faultMatrix("gemini", ["chat", "responses"]);
