import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigFiles } from "./files.ts";
import { ConfigWatch } from "./watch.ts";

let directory: string;
let watch: ConfigWatch;
/** What the files held each time a change was told. */
let told: string[][];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dragoman-watch-"));
  told = [];
});
afterEach(() => {
  watch.close();
  rmSync(directory, { recursive: true });
});

const at = (...names: string[]): string => join(directory, ...names);

/** Reads and follows these, and does so again whenever they change. */
function follow(...paths: string[]): void {
  const read = (): string[] => {
    const files = new ConfigFiles({ again: true });
    const texts = paths.map((path) => {
      try {
        return files.read(path);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? "";
      }
    });
    watch.follow(files.contents);
    return texts;
  };
  watch = new ConfigWatch({ intervalMs: 10, settleMs: 10, onChange: () => void told.push(read()) });
  read();
}

/** Several looks, each of which would have told of a change. */
async function looks(): Promise<void> {
  const other = at("looked-at");
  const seen: string[] = [];
  writeFileSync(other, "0");
  const files = new ConfigFiles();
  files.read(other);
  const beside = new ConfigWatch({ intervalMs: 10, settleMs: 10, onChange: () => void seen.push("") });
  beside.follow(files.contents);
  for (let i = 1; i <= 3; i += 1) {
    writeFileSync(other, String(i));
    await expect.poll(() => seen.length, { interval: 5, timeout: 5_000 }).toBe(i);
  }
  beside.close();
}

const becomes = (...texts: string[][]): Promise<void> => expect.poll(() => told, { interval: 5, timeout: 5_000 }).toEqual(texts);

describe("a change is told once", () => {
  test("a file that is written in place", async () => {
    writeFileSync(at("a"), "one");
    follow(at("a"));
    writeFileSync(at("a"), "two");
    await becomes(["two"]);
    await looks();
    expect(told).toHaveLength(1);
  });

  test("text of the same length and age", async () => {
    writeFileSync(at("a"), "one");
    utimesSync(at("a"), 1, 1);
    follow(at("a"));
    writeFileSync(at("a"), "two");
    utimesSync(at("a"), 1, 1);
    await becomes(["two"]);
  });

  test("a file that another is renamed over, again and again", async () => {
    writeFileSync(at("a"), "one");
    follow(at("a"));
    for (const text of ["two", "three"]) {
      writeFileSync(at("a.tmp"), text);
      renameSync(at("a.tmp"), at("a"));
      await expect.poll(() => told.at(-1), { interval: 5 }).toEqual([text]);
    }
    expect(told).toHaveLength(2);
  });

  test("a directory that a link is swapped to, as Kubernetes mounts its files", async () => {
    for (const version of ["v1", "v2"]) {
      mkdirSync(at(version));
      writeFileSync(at(version, "config"), `config ${version}`);
      writeFileSync(at(version, "secret"), `secret ${version}`);
    }
    symlinkSync("v1", at("..data"));
    symlinkSync("..data/config", at("config"));
    symlinkSync("..data/secret", at("secret"));
    follow(at("config"), at("secret"));
    symlinkSync("v2", at("..data_tmp"));
    renameSync(at("..data_tmp"), at("..data"));
    rmSync(at("v1"), { recursive: true });
    await becomes(["config v2", "secret v2"]);
  });

  test("a file that is gone, and one that is there again", async () => {
    writeFileSync(at("a"), "one");
    follow(at("a"));
    unlinkSync(at("a"));
    await becomes(["ENOENT"]);
    writeFileSync(at("a"), "two");
    await becomes(["ENOENT"], ["two"]);
  });

  test("the directory itself is gone, and there again", async () => {
    mkdirSync(at("etc"));
    writeFileSync(at("etc", "a"), "one");
    follow(at("etc", "a"));
    rmSync(at("etc"), { recursive: true });
    await becomes(["ENOENT"]);
    mkdirSync(at("etc"));
    writeFileSync(at("etc", "a"), "two");
    await becomes(["ENOENT"], ["two"]);
  });

  test("a file that was not there", async () => {
    follow(at("a"));
    writeFileSync(at("a"), "one");
    await becomes(["one"]);
  });

  test("what changed while it was read", async () => {
    writeFileSync(at("a"), "one");
    const files = new ConfigFiles();
    files.read(at("a"));
    writeFileSync(at("a"), "two");
    let changes = 0;
    watch = new ConfigWatch({ intervalMs: 10, settleMs: 10, onChange: () => (changes += 1) });
    watch.follow(files.contents);
    await expect.poll(() => changes, { interval: 5 }).toBe(1);
  });
});

describe("no change is told", () => {
  test("when a file is written that held the same, or only touched", async () => {
    writeFileSync(at("a"), "one");
    follow(at("a"));
    writeFileSync(at("b"), "one");
    renameSync(at("b"), at("a"));
    utimesSync(at("a"), 1, 1);
    await looks();
    expect(told).toEqual([]);
  });

  test("before what changed has stayed as it is", async () => {
    writeFileSync(at("a"), "one");
    const files = new ConfigFiles();
    files.read(at("a"));
    let changes = 0;
    watch = new ConfigWatch({ intervalMs: 10, settleMs: 600_000, onChange: () => (changes += 1) });
    watch.follow(files.contents);
    writeFileSync(at("a"), "two");
    await looks();
    expect(changes).toBe(0);
  });

  test("once it is closed", async () => {
    writeFileSync(at("a"), "one");
    follow(at("a"));
    watch.close();
    writeFileSync(at("a"), "two");
    await looks();
    expect(told).toEqual([]);
  });
});
