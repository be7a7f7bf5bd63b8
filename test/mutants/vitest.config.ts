/** The golden matrix with one fault in the gateway's source: which, is told by `MUTANT`, its place in the catalogue. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { MUTANTS } from "./catalogue.ts";
import type { Run } from "./run.ts";

const mutant = MUTANTS[Number(process.env["MUTANT"])];
const file = mutant && fileURLToPath(new URL(`../../src/${mutant.file}`, import.meta.url));

/** Ends the whole run with its first failure. `bail` would end it too, but forgets which concurrent test it was. */
const firstFailure: Reporter = {
  onTestCaseResult(test: TestCase) {
    if (test.result().state === "failed") end({ played: true, failed: test.fullName });
  },
  onTestRunEnd(modules: readonly TestModule[]) {
    end({ played: modules.some((module) => module.state() === "passed") });
  },
};

function end(run: Run): void {
  writeFileSync(process.env["MUTANT_REPORT"] ?? "", JSON.stringify(run));
  process.exit(run.failed === undefined ? 0 : 1);
}

export default defineConfig({
  // The cache of modules knows nothing of mutants.
  test: { include: ["test/matrix.test.ts"], reporters: [firstFailure], fsModuleCache: false },
  plugins: [
    {
      name: "mutant",
      enforce: "pre",
      transform(code, id) {
        return mutant && id === file ? code.replace(mutant.find, () => mutant.replace) : undefined;
      },
    },
  ],
});
