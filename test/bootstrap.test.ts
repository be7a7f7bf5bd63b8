/** The entry of the npm scripts, run in a small repository whose tools are stand-ins. */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const scripts = path.join(import.meta.dirname, "../scripts");
const manifest = { engines: { node: ">=22.19" }, devDependencies: { node: "24.0.0" } };
const locked = { version: "24.0.0", integrity: "sha512-node" };
const lock = { packages: { "": manifest, "node_modules/node": locked, "node_modules/elsewhere": { version: "1.0.0", optional: true } } };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "dragoman-bootstrap-"));
  for (const file of ["allocator", "bootstrap", "commands", "dependencies", "failure", "pinned-node", "runner"]) {
    cpSync(path.join(scripts, `${file}.mjs`), path.join(folder, "scripts", `${file}.mjs`));
  }
  writeJson("package.json", manifest);
  writeJson("package-lock.json", lock);
  writeJson("node_modules/.package-lock.json", { packages: { "node_modules/node": locked } });
  mkdirSync(path.join(folder, "node_modules/node/bin"), { recursive: true });
  symlinkSync(process.execPath, path.join(folder, "node_modules/node/bin/node"));
  tool("vitest", "console.log('tests', ...process.argv.slice(2)); process.exit(7);");
});

afterEach(() => rmSync(folder, { recursive: true }));

function writeJson(file: string, content: object): void {
  const target = path.join(folder, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, JSON.stringify(content));
}

/** Puts a program where `npm ci` puts the tools. */
function tool(name: string, code: string): void {
  const target = path.join(folder, "node_modules/.bin", name);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, `#!/usr/bin/env node\n${code}`);
  chmodSync(target, 0o755);
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { PATH: process.env["PATH"], ...environment };
  const child = spawn(process.execPath, [path.join(folder, "scripts/bootstrap.mjs"), ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (written[stream] += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, ...written }));
  });
  return { child, ended };
}

const run = (args: readonly string[], environment?: NodeJS.ProcessEnv) => start(args, environment).ended;

test("arguments go to the tool, its exit code comes back", async () => {
  expect(await run(["test", "src/wire", "--bail"])).toEqual({ code: 7, stdout: "tests run src/wire --bail\n", stderr: "" });
});

test("an unknown command is one line that names the known ones", async () => {
  const { code, stderr } = await run(["launch"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^dragoman: no command "launch"; there are: start, .*\n$/);
});

test.each([
  ["start", "npm start -- --port"],
  ["dev", "npm run dev -- --port"],
])("an option that npm kept for itself is not ignored: %s", async (command, instead) => {
  const { code, stderr } = await run([command, "9000"], { npm_config_port: "true" });
  expect(code).toBe(1);
  expect(stderr).toContain(`dragoman: npm kept --port for itself; put \`--\` before it: \`${instead} …\`.\n`);
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s reaches the tool, which may take its time", async (signal) => {
  tool(
    "vitest",
    `process.on("${signal}", () => setTimeout(() => process.exit(5), 50)); setInterval(() => {}, 1000); console.log("ready");`,
  );
  const { child, ended } = start(["test"]);
  child.stdout.once("data", () => child.kill(signal));
  expect(await ended).toMatchObject({ code: 5, stdout: "ready\n" });
});

test("a tool that a signal ended is told by the exit code", async () => {
  tool("vitest", "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");
  expect((await run(["test"])).code).toBe(128 + 9);
});

test("what npm did not install is installed first, quietly", async () => {
  writeJson("node_modules/.package-lock.json", { packages: { "node_modules/node": { ...locked, version: "23.0.0" } } });
  const npm = path.join(folder, "npm.cjs");
  writeFileSync(
    npm,
    `console.log("noise"); require("node:fs").writeFileSync(${JSON.stringify(path.join(folder, "asked"))}, process.argv.slice(2).join(" "));`,
  );
  const { stdout, stderr } = await run(["test"], { npm_execpath: npm });
  expect(readFileSync(path.join(folder, "asked"), "utf8")).toMatch(/^ci --include=dev /);
  expect(stderr).toMatch(/^dragoman: installing dependencies .*\n$/);
  expect(stdout).toBe("tests run\n");
});

test("npm's own reason is told when it fails", async () => {
  rmSync(path.join(folder, "node_modules/.package-lock.json"));
  const npm = path.join(folder, "npm.cjs");
  writeFileSync(npm, `console.error("npm error code ENOTFOUND\\nnpm error the registry is not there"); process.exit(3);`);
  const { code, stderr } = await run(["test"], { npm_execpath: npm });
  expect(code).toBe(3);
  expect(stderr).toContain("dragoman: `npm ci` failed: the registry is not there\n");
});

test("a lock that package.json does not agree with is told", async () => {
  writeJson("package.json", { ...manifest, dependencies: { undici: "8.0.0" } });
  expect(await run(["test"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^dragoman: package\.json and package-lock\.json disagree; .*\n$/) as string,
  });
});

test("without the pinned Node, a running one that is new enough is used", async () => {
  rmSync(path.join(folder, "node_modules/node/bin/node"));
  const { code, stderr } = await run(["test"]);
  expect(code).toBe(7);
  expect(stderr).toMatch(/^dragoman: the pinned Node is not installed; using Node \S+, which is new enough\.\n$/);
});

test("without any Node that is new enough, what to do is told", async () => {
  rmSync(path.join(folder, "node_modules/node/bin/node"));
  writeJson("package.json", { ...manifest, engines: { node: ">=99.1" } });
  const { code, stderr } = await run(["test"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^dragoman: .*`npm rebuild node --ignore-scripts=false`.*Node 99\.1 or newer.*\n$/);
});
