/** Writes `docs/fidelity.md` from the table of losses, or checks it: `npx node scripts/write-fidelity.ts [--check]`. */
import { fidelityDocument } from "./fidelity.ts";
import { writeGenerated } from "./generated-file.ts";

writeGenerated("docs/fidelity.md", fidelityDocument(), "npx node scripts/write-fidelity.ts");
