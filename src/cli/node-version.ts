/** Whether this Node can run Dragoman. Imports nothing, because it must itself run on any Node. */

/**
 * What to tell the operator when it cannot; `undefined`: it can.
 * @param running such as `20.19.2`.
 * @param range the `engines.node` of package.json, such as `>=22.21`.
 */
export function nodeVersionProblem(running: string, range: string): string | undefined {
  const wanted = range.replace(/^>=/, "");
  const [haveMajor = 0, haveMinor = 0] = running.split(".").map(Number);
  const [wantMajor = 0, wantMinor = 0] = wanted.split(".").map(Number);
  if (haveMajor > wantMajor || (haveMajor === wantMajor && haveMinor >= wantMinor)) return undefined;
  return `Dragoman needs Node ${wanted} or newer, and this is ${running}. Install a newer one, or use \`npm start\` in a clone, which brings its own.`;
}
