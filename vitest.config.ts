import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // A net for what hangs, wide enough for a busy machine: no test is about time.
    testTimeout: 60_000,
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts", "soak/**/*.test.ts"],
  },
});
