import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startSimulator } from "../../simulator/server.ts";
import { run } from "../program.ts";

let stdout: string;
let stderr: string;
beforeEach(() => {
  stdout = "";
  stderr = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("without a target this build is tested, and passes", async () => {
  expect(await run(["conformance", "--scenario", "plain-text", "one-tool", "--json"])).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ passed: 64, failed: 0, failures: [] });
});

test("a target that answers by itself fails, with the first difference of each cell", async () => {
  // A gateway with an answer of its own: nothing of it reaches the suite's simulator.
  const gateway = await startSimulator();
  const only = ["--scenario", "plain-text", "--protocol", "anthropic", "--upstream", "anthropic"];
  const exitCode = await run(["conformance", "--target", gateway.url, "--simulator-port", "0", ...only]);
  await gateway.close();
  expect(exitCode).toBe(1);
  expect(stdout).toContain("0 %, 0 of 2");
  expect(stdout).toContain("✗ anthropic → anthropic  plain-text");
  expect(stdout).toContain("no request reached the upstream");
  expect(stderr).toContain("2 cells failed.");
});

test.each([
  [["--scenario", "nonsense"], "there is no scenario or feature `nonsense`"],
  [["--protocol", "telex"], "--protocol knows the protocols anthropic, chat, responses, gemini, not `telex`"],
  [["--model", "gpt"], "--model takes `protocol=value`, not `gpt`"],
  [["--base-path", "telex=/v1"], "--base-path knows the protocols"],
])("%j makes no sense", async (args, complaint) => {
  expect(await run(["conformance", "--target", "http://127.0.0.1:9", "--simulator-port", "0", ...args])).toBe(2);
  expect(stderr).toContain(complaint);
});

test("nobody at the target is told before anything is played", async () => {
  expect(await run(["conformance", "--target", "http://127.0.0.1:9", "--simulator-port", "0"])).toBe(1);
  expect(stderr).toContain("nobody answers at http://127.0.0.1:9");
});

test("the wiring says where the simulator will be", async () => {
  expect(await run(["conformance", "--wiring", "--simulator-port", "7777"])).toBe(0);
  expect(stdout).toMatch(/^ *OpenAI Chat +http:\/\/127\.0\.0\.1:7777\/v1 +model chat-model$/m);
  expect(stdout).toMatch(/^ *OpenAI Responses +http:\/\/127\.0\.0\.1:7777\/v1 +model responses-model$/m);
});
