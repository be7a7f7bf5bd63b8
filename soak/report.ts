/** What a soak prints. */
import type { LostSample } from "./load.ts";
import { growthOf, maxGrowth, requestsOf, sumOf, type Sample, type SoakFigures } from "./verdict.ts";

const megabyte = 1024 * 1024;

const columns: readonly { readonly title: string; readonly of: (sample: Sample) => string }[] = [
  { title: "time s", of: ({ seconds }) => seconds.toFixed(0) },
  { title: "open", of: ({ open }) => String(open) },
  { title: "done", of: ({ done }) => String(done) },
  { title: "rss MB", of: ({ rss }) => (rss / megabyte).toFixed(1) },
  { title: "heap MB", of: ({ heapUsed }) => (heapUsed / megabyte).toFixed(1) },
  { title: "external MB", of: ({ external }) => (external / megabyte).toFixed(1) },
  { title: "clients", of: ({ clients }) => String(clients) },
  { title: "upstream", of: ({ upstream }) => String(upstream) },
  { title: "timers", of: ({ timers }) => String(timers) },
  { title: "permits", of: ({ pool }) => String(pool.inUse) },
  { title: "waiting", of: ({ pool }) => String(pool.waiting) },
];

/** The head of the table of samples. */
export function samplesHead(): string {
  return columns.map(({ title }) => title.padStart(title.length + 2)).join("");
}

/** A line of it. */
export function sampleLine(sample: Sample): string {
  return columns.map(({ title, of }) => of(sample).padStart(title.length + 2)).join("");
}

/** What became of the requests, by what happened to them upstream. @param behaved how often each behaviour happened there */
export function outcomeLines(outcomes: SoakFigures["outcomes"], behaved: Readonly<Record<string, number>>): string[] {
  const titles = ["upstream", "requests", "happened", "complete", "broken", "refused", "left", "lost"];
  const rows = Object.entries({ ...outcomes, total: sumOf(Object.values(outcomes)) }).map(([name, counts]) => {
    const { complete, broken, refused, left, lost } = counts;
    return [name, requestsOf(counts), behaved[name] ?? "", complete, broken, refused, left, lost].map(String);
  });
  return [titles, ...rows].map((row) => row.map((cell, index) => (index === 0 ? cell.padEnd(22) : cell.padStart(10))).join(""));
}

/** The figures that are judged, apart from the tables. */
export function figureLines(figures: SoakFigures): string[] {
  const growth = growthOf(figures);
  const leaks = Object.entries(figures.leaks).map(([what, count]) => `${what} ${count}`);
  return [
    growth === undefined
      ? "memory: too short to judge its growth"
      : `memory: ${growth.toFixed(3)} MB/min after minute 5 (at most ${maxGrowth})`,
    `left over: ${leaks.join(", ")}`,
    `internal errors: ${figures.internalErrors}; ended ${figures.endedCleanly ? "by itself" : "only when it was killed"}`,
  ];
}

/** The answers that were lost, to be repeated by seed and number. */
export function lostLines(lost: readonly LostSample[]): string[] {
  return lost.map(({ choice, reason }) => `lost: ${reason}\n      ${JSON.stringify(choice)}`);
}
