import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { adminKeyPath, findAdminKey, homePath, openAdminKey, openStateKeys, StorageError } from "./home.ts";

const directory = mkdtempSync(join(tmpdir(), "dragoman-home-"));
afterAll(() => rmSync(directory, { recursive: true }));

const DRAGOMAN_HOME = (name: string) => ({ DRAGOMAN_HOME: join(directory, name) });
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
const sha256 = (text: string) => createHash("sha256").update(text).digest();

test("the home is $DRAGOMAN_HOME, else ~/.dragoman", () => {
  expect(homePath({ DRAGOMAN_HOME: "/var/lib/dragoman" })).toBe("/var/lib/dragoman");
  expect(homePath({ DRAGOMAN_HOME: "" })).toBe(join(homedir(), ".dragoman"));
  expect(homePath({})).toBe(join(homedir(), ".dragoman"));
});

test("a key is generated once, readable by its owner only", () => {
  const environment = DRAGOMAN_HOME("deep/new");
  const keys = openStateKeys(environment);
  expect(keys).toHaveLength(1);
  expect(keys[0]).toHaveLength(32);
  expect(mode(environment.DRAGOMAN_HOME)).toBe("700");
  expect(mode(join(environment.DRAGOMAN_HOME, "state.key"))).toBe("600");
  expect(readdirSync(environment.DRAGOMAN_HOME)).toEqual(["state.key"]);
  expect(openStateKeys(environment)).toEqual(keys);
  expect(openStateKeys(DRAGOMAN_HOME("another"))).not.toEqual(keys);
});

test("the variable wins, touches no disk, and may hold several keys of any form", () => {
  const environment = { ...DRAGOMAN_HOME("unused"), DRAGOMAN_STATE_KEY: " first passphrase , c2Vjb25k,,0123abcd " };
  expect(openStateKeys(environment)).toEqual([sha256("first passphrase"), sha256("c2Vjb25k"), sha256("0123abcd")]);
  expect(readdirSync(directory)).not.toContain("unused");
});

test("an empty variable counts as none", () => {
  const environment = { ...DRAGOMAN_HOME("empty-variable"), DRAGOMAN_STATE_KEY: " , " };
  expect(openStateKeys(environment)[0]).toHaveLength(32);
  expect(readdirSync(environment.DRAGOMAN_HOME)).toEqual(["state.key"]);
});

test("the file's content in the variable is the same key", () => {
  const environment = DRAGOMAN_HOME("moved");
  const keys = openStateKeys(environment);
  const content = readFileSync(join(environment.DRAGOMAN_HOME, "state.key"), "utf8");
  expect(openStateKeys({ DRAGOMAN_STATE_KEY: content })).toEqual(keys);
});

test("processes that start at once end up with one key", { timeout: 30_000 }, async () => {
  const script = `
    const { openStateKeys } = await import(${JSON.stringify(new URL("./home.ts", import.meta.url).href)});
    process.stdout.write(openStateKeys(process.env)[0].toString("hex"));`;
  const environment = DRAGOMAN_HOME("race");
  const runs = Array.from({ length: 6 }, () =>
    promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env: environment }),
  );
  const keys = new Set((await Promise.all(runs)).map(({ stdout }) => stdout));
  expect([...keys]).toEqual([openStateKeys(environment)[0].toString("hex")]);
});

test("a home that cannot be used is an error that says what to do", () => {
  writeFileSync(join(directory, "file"), "");
  expect(() => openStateKeys(DRAGOMAN_HOME("file"))).toThrow(StorageError);
  expect(() => openStateKeys(DRAGOMAN_HOME("file"))).toThrow(/state\.key can be neither read nor written \(E.*\)\. Set DRAGOMAN_HOME/);
});

test("an empty key file is an error, not an empty key", () => {
  const environment = DRAGOMAN_HOME("truncated");
  mkdirSync(environment.DRAGOMAN_HOME);
  writeFileSync(join(environment.DRAGOMAN_HOME, "state.key"), "\n");
  expect(() => openStateKeys(environment)).toThrow(/state\.key is empty/);
});

test("the admin key is generated once, readable by its owner only, and found by whoever has the same home", () => {
  const environment = DRAGOMAN_HOME("administered");
  expect(findAdminKey(environment)).toBeUndefined();
  expect(readdirSync(directory)).not.toContain("administered");
  const key = openAdminKey(environment);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(mode(adminKeyPath(environment))).toBe("600");
  expect([openAdminKey(environment), findAdminKey(environment)]).toEqual([key, key]);
  expect(openStateKeys(environment)).not.toEqual([sha256(key)]);
});

test("DRAGOMAN_ADMIN_KEY wins and touches no disk", () => {
  const environment = { ...DRAGOMAN_HOME("untouched"), DRAGOMAN_ADMIN_KEY: " secret\n" };
  expect([openAdminKey(environment), findAdminKey(environment)]).toEqual(["secret", "secret"]);
  expect(readdirSync(directory)).not.toContain("untouched");
  expect(openAdminKey({ ...DRAGOMAN_HOME("administered"), DRAGOMAN_ADMIN_KEY: "" })).toMatch(/^[0-9a-f]{64}$/);
});

test("an admin key that no header can carry is refused without being repeated", () => {
  for (const open of [openAdminKey, findAdminKey]) {
    const opened = (): unknown => open({ DRAGOMAN_ADMIN_KEY: "two words" });
    expect(opened).toThrow(StorageError);
    expect(opened).toThrow(/^DRAGOMAN_ADMIN_KEY holds a space/);
  }
});
