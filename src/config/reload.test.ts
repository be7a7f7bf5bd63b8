/** Loading again, for a program that runs already. */
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { ConfigFiles } from "./files.ts";
import { loadConfig, reloadConfig, type LoadOptions } from "./load.ts";

const directory = mkdtempSync(join(tmpdir(), "dragoman-reload-"));
afterAll(() => rmSync(directory, { recursive: true }));

const home = join(directory, "home");
const file = join(directory, "dragoman.yaml");
const options: LoadOptions = { workingDirectory: directory, home, environment: { GEMINI_API_KEY: "secret-of-gemini" } };

beforeEach(() => {
  rmSync(directory, { recursive: true });
  mkdirSync(home, { recursive: true });
});

const KEYLESS = "providers: { google: { type: gemini, credentials: [{ api_key: env:GEMINI_API_KEY }] } }\n";

/** What is wrong when this is loaded again, after another text was loaded. */
function problem(after: string | undefined, before = KEYLESS): string {
  writeFileSync(file, before);
  const { config } = loadConfig(options);
  if (after === undefined) unlinkSync(file);
  else writeFileSync(file, after);
  try {
    reloadConfig(config, { ...options, files: new ConfigFiles({ again: true }) });
    return "";
  } catch (error) {
    return (error as Error).message.replaceAll(directory, "");
  }
}

test("the file is the one it was started with", () => {
  const inHome = join(home, "dragoman.yaml");
  writeFileSync(inHome, KEYLESS);
  const { config } = loadConfig(options);
  writeFileSync(file, "server: { port: 1 }");
  writeFileSync(inHome, "server: { port: 2 }");
  expect(reloadConfig(config, options).config).toMatchObject({ source: { path: inHome }, server: { port: 2 } });
});

test("without a file, one that is there now counts", () => {
  const { config } = loadConfig(options);
  expect(config.source).toEqual({ kind: "environment", variables: ["GEMINI_API_KEY"] });
  expect(reloadConfig(config, options).config).toEqual({ ...config, providers: expect.anything() as unknown });
  writeFileSync(file, "server: { port: 1 }");
  expect(reloadConfig(config, options).config.source).toEqual({ kind: "file", path: file });
});

test("what the command line says still counts", () => {
  writeFileSync(file, KEYLESS);
  const overridden = { ...options, overrides: { port: 7 } };
  expect(reloadConfig(loadConfig(overridden).config, overridden).config.server.port).toBe(7);
});

test("a file that is gone, empty, or no file is not taken for one that configures nothing", () => {
  expect(problem(undefined)).toBe("/dragoman.yaml: cannot be read (ENOENT); put it back, or restart Dragoman");
  expect(problem("\n \n")).toBe("/dragoman.yaml: is empty; restart Dragoman if nothing is to be configured");
  const { config } = loadConfig({ ...options, explicit: "/dev/null" });
  expect(() => reloadConfig(config, { ...options, files: new ConfigFiles({ again: true }) })).toThrow(
    "/dev/null: cannot be read (no ordinary file, which can be read once only)",
  );
});

test("keys cannot go where others reach what they protect", () => {
  const keyed = "server: { host: 0.0.0.0 }\nkeys: [{ name: alice, key: k }]\n";
  expect(problem(KEYLESS, keyed)).toBe(
    "/dragoman.yaml: keys: are gone, and Dragoman listens where others reach it until it is restarted; keep some, or restart Dragoman",
  );
  expect(problem(KEYLESS, keyed.replace("0.0.0.0", "localhost"))).toBe("");
});

test("files that were read are known, also when the configuration cannot be used", () => {
  const secret = join(directory, "secret");
  writeFileSync(file, "providers: { g: { type: gemini, credentials: [{ api_key: file:secret }, { api_key: file:missing }] } }");
  writeFileSync(secret, "s");
  const files = new ConfigFiles();
  expect(() => loadConfig({ ...options, files })).toThrow(/missing cannot be read \(ENOENT\)/);
  expect([...files.contents.keys()]).toEqual([file, secret, join(directory, "missing")]);
});
