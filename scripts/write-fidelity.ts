/** Writes `docs/fidelity.md` from the table of losses, or checks it: `node scripts/write-fidelity.ts [--check]`. */
import { fidelityDocument } from "./fidelity.ts";
import { writeGenerated } from "./generated-file.ts";

writeGenerated("docs/fidelity.md", fidelityDocument(), "node scripts/write-fidelity.ts");
