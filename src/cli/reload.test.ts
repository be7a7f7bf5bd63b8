/** A configuration that changes while the program runs, as an operator sees it. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DragomanProcess, startDragoman } from "../../test/support/dragoman-process.ts";

let directory: string;
let dragoman: DragomanProcess;
let url: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dragoman-reload-"));
});
afterEach(async () => {
  dragoman.child.kill("SIGTERM");
  expect((await dragoman.ended).exitCode).toBe(0);
  rmSync(directory, { recursive: true });
});

const at = (...names: string[]): string => join(directory, ...names);

async function start(args: readonly string[], environment: Record<string, string> = {}): Promise<void> {
  dragoman = startDragoman(["--port", "0", ...args], directory, { DRAGOMAN_HOME: at("home"), ...environment });
  [, url = ""] = await dragoman.said("stdout", /listens on (http:\S+)/);
  await dragoman.said("stderr", /"listening"/);
}

/** A file in which these may call, each with a key that is called like it. */
const withKeys = (...names: string[]): string =>
  `keys: [${names.map((name) => `{ name: ${name}, key: key-of-${name} }`).join(", ")}]\nproviders: { offline: { type: simulator } }\n`;

const statusFor = async (name: string): Promise<number> =>
  (await fetch(`${url}/v1/models`, { headers: { "x-api-key": `key-of-${name}` } })).status;

const reloaded = (line: string) =>
  dragoman.said("stderr", new RegExp(`^dragoman: the configuration was reloaded\\n(?:  .*\\n)*  ${line}$`, "m"));

test("a file that is written anew, and one that is renamed over it", async () => {
  writeFileSync(at("dragoman.yaml"), withKeys("alice", "bob"));
  await start([]);
  expect([await statusFor("alice"), await statusFor("bob"), await statusFor("carol")]).toEqual([200, 200, 401]);
  writeFileSync(at("dragoman.yaml"), withKeys("alice", "carol"));
  await reloaded("key `bob` removed");
  expect([await statusFor("alice"), await statusFor("bob"), await statusFor("carol")]).toEqual([200, 401, 200]);
  writeFileSync(at("new.yaml"), withKeys("bob"));
  renameSync(at("new.yaml"), at("dragoman.yaml"));
  await reloaded("key `carol` removed");
  expect([await statusFor("alice"), await statusFor("bob"), await statusFor("carol")]).toEqual([401, 200, 401]);
});

test("files behind a link that is swapped, as Kubernetes mounts them", async () => {
  for (const [version, name] of [
    ["v1", "alice"],
    ["v2", "bob"],
  ] as const) {
    mkdirSync(at(version));
    writeFileSync(at(version, "dragoman.yaml"), "keys: [{ name: only, key: file:secret }]\nproviders: { offline: { type: simulator } }\n");
    writeFileSync(at(version, "secret"), `key-of-${name}\n`);
  }
  symlinkSync("v1", at("..data"));
  for (const file of ["dragoman.yaml", "secret"]) symlinkSync(join("..data", file), at(file));
  await start(["--config", "dragoman.yaml"]);
  expect([await statusFor("alice"), await statusFor("bob")]).toEqual([200, 401]);
  symlinkSync("v2", at("..data_tmp"));
  renameSync(at("..data_tmp"), at("..data"));
  await reloaded("key `only` changed \\(key\\)");
  expect([await statusFor("alice"), await statusFor("bob")]).toEqual([401, 200]);
});

test("SIGHUP, also where no file is watched", async () => {
  await start([]);
  writeFileSync(at("dragoman.yaml"), `server: { port: 1 }\n${withKeys("alice")}`);
  dragoman.child.kill("SIGHUP");
  await reloaded("key `alice` added");
  expect([await statusFor("alice"), await statusFor("bob")]).toEqual([200, 401]);
  // From now on the file is watched.
  writeFileSync(at("dragoman.yaml"), withKeys("bob"));
  await reloaded("key `alice` removed");
  expect([await statusFor("alice"), await statusFor("bob")]).toEqual([401, 200]);
});

test("what waits for a restart is said to", async () => {
  writeFileSync(at("dragoman.yaml"), withKeys("alice"));
  await start([]);
  writeFileSync(at("dragoman.yaml"), `${withKeys("alice")}responses: { store: false }\nserver: { heartbeat: 1s }\n`);
  await reloaded("responses.store changed: takes effect after a restart");
  const [line = ""] = await dragoman.said("stderr", /\{.*"configuration reloaded".*/);
  expect(JSON.parse(line)).toMatchObject({ changes: ["server.heartbeat changed"], afterRestart: ["responses.store changed"] });
});

test("a file that is wrong changes nothing, and is told with line and column; put right, it counts", async () => {
  writeFileSync(at("dragoman.yaml"), withKeys("alice"));
  await start([]);
  writeFileSync(at("dragoman.yaml"), `${withKeys("bob")}models: { fast: nowhere/m }\nretry: { attemps: 1 }\n`);
  const [, told] = await dragoman.said("stderr", /dragoman: the new configuration cannot be used, the old one stays\n(.+)\n/);
  expect(told).toBe(`${at("dragoman.yaml")}:4:10: retry.attemps: is not a known key; did you mean \`attempts\`?`);
  expect([await statusFor("alice"), await statusFor("bob")]).toEqual([200, 401]);
  const [line = ""] = await dragoman.said("stderr", /\{.*"configuration refused".*/);
  expect(JSON.parse(line)).toMatchObject({ level: "error", problems: [told] });
  writeFileSync(at("dragoman.yaml"), withKeys("bob"));
  await reloaded("key `bob` added");
  expect([await statusFor("alice"), await statusFor("bob")]).toEqual([401, 200]);
});

test("a file that is named before it is there counts once it is", async () => {
  writeFileSync(at("dragoman.yaml"), withKeys("alice"));
  await start([]);
  writeFileSync(at("dragoman.yaml"), withKeys("alice").replace("key-of-alice", "file:secret"));
  await dragoman.said("stderr", /secret cannot be read \(ENOENT\)/);
  writeFileSync(at("secret"), "key-of-bob");
  await reloaded("key `alice` changed \\(key\\)");
  expect([await statusFor("alice"), await statusFor("bob")]).toEqual([401, 200]);
});

test("no secret, old or new, is told or logged", async () => {
  const file = (generation: string): string =>
    `keys: [{ name: alice, key: virtual-${generation} }]
providers: { offline: { type: simulator, credentials: [{ api_key: upstream-${generation} }] } }
`;
  writeFileSync(at("dragoman.yaml"), file("hunter1"));
  await start([], { DRAGOMAN_LOG: "trace" });
  writeFileSync(at("dragoman.yaml"), file("hunter2"));
  await reloaded("provider `offline`: credential `key-1` changed \\(api_key\\)");
  for (const key of ["virtual-hunter1", "virtual-hunter2"]) await fetch(`${url}/v1/nothing/${key}`, { headers: { "x-api-key": key } });
  await fetch(`${url}/v1/models/virtual-hunter1`, { headers: { "x-api-key": "virtual-hunter2" } });
  dragoman.child.kill("SIGTERM");
  const { stdout, stderr } = await dragoman.ended;
  expect(stderr).toContain("/v1/nothing/[redacted]");
  expect(stdout + stderr).not.toContain("hunter");
});
