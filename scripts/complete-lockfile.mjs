#!/usr/bin/env node
/**
 * Adds to package-lock.json the packages for other platforms that npm left out: `node scripts/complete-lockfile.mjs [--check]`.
 *
 * A tool with native parts names one optional package per platform. Where the registry in use lacks some of them, `npm install` writes a
 * lock without them, and `npm ci` then refuses that lock. An entry needs no more than a version and its platform, read off its name.
 */
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const missing = Object.entries(lock.packages).flatMap(([where, owner]) =>
  Object.entries(owner.optionalDependencies ?? {})
    .filter(([name]) => !(`node_modules/${name}` in lock.packages) && !(`${where}/node_modules/${name}` in lock.packages))
    .map(([name, version]) => [`node_modules/${name}`, entry(name, version, owner.dev)]),
);

if (missing.length === 0) {
  console.log("package-lock.json lists every platform.");
} else if (process.argv.includes("--check")) {
  console.error(`package-lock.json lacks ${missing.length} packages for other platforms; run \`node scripts/complete-lockfile.mjs\`.`);
  process.exitCode = 1;
} else {
  const byPath = ([a], [b]) => a.localeCompare(b, "en");
  lock.packages = Object.fromEntries([...Object.entries(lock.packages), ...missing].sort(byPath));
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
  console.log(`package-lock.json: added ${missing.length} packages for other platforms.`);
}

/** A lock entry that keeps npm from installing the package elsewhere, from a name such as `@scope/binding-linux-x64-musl`. */
function entry(name, version, dev) {
  const words = name.slice(name.indexOf("/") + 1).split(/[-.]/);
  const os = words.find((word) => ["android", "darwin", "freebsd", "linux", "openharmony", "win32"].includes(word));
  const cpu = words.find((word) => ["arm", "arm64", "ia32", "ppc64", "riscv64", "s390x", "x64"].includes(word));
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not name a platform; write its entry by hand.`);
  const libc = words.includes("musl") ? "musl" : words.includes("gnu") ? "glibc" : undefined;
  return { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc: [libc] }), optional: true, os: [os] };
}
