import { expect, test, vi } from "vitest";
import { LessonMemory } from "./lesson-memory.ts";
import type { Lesson } from "./lessons.ts";

const sampling: Lesson = { teaches: "sampling", sampling: "none" };
const limit: Lesson = { teaches: "max-output-tokens", most: 8192 };
const DAY = 86_400_000;

function memory(): { memory: LessonMemory; of: (conversation: string, model?: string) => readonly Lesson[]; wait: (ms: number) => void } {
  let now = 1;
  const lessons = new LessonMemory({ now: () => now });
  return {
    memory: lessons,
    of: (conversation, model = "p/m") => lessons.lessonsFor(model, () => conversation),
    wait: (ms) => void (now += ms),
  };
}

test("rule 344: what one conversation is taught holds for the model, and for no other", () => {
  const { memory: lessons, of } = memory();
  lessons.learn("p/m", "a", sampling, []);
  expect(of("a")).toEqual([sampling]);
  expect(of("b")).toEqual([sampling]);
  expect(of("b", "p/other")).toEqual([]);
});

test("rule 344: a conversation keeps the lessons it uses, whatever others learn", () => {
  const { memory: lessons, of } = memory();
  lessons.learn("p/m", "a", sampling, []);
  expect(of("b")).toEqual([sampling]);
  lessons.learn("p/m", "c", limit, []);
  expect(of("b")).toEqual([sampling]);
  expect(of("d")).toEqual([sampling, limit]);
  lessons.learn("p/m", "b", limit, []);
  expect(of("b")).toEqual([sampling, limit]);
});

test("rule 344: a model's lessons are forgotten in a day, a conversation's not while it goes on", () => {
  const { memory: lessons, of, wait } = memory();
  lessons.learn("p/m", "a", sampling, []);
  for (let hours = 0; hours < 48; hours += 12) {
    wait(DAY / 2);
    expect(of("a")).toEqual([sampling]);
  }
  expect(of("new")).toEqual([]);
  wait(DAY + 1);
  expect(of("a")).toEqual([]);
});

test("a lesson is learned once, and helps whoever did not use it yet", () => {
  const { memory: lessons, of } = memory();
  expect(lessons.learn("p/m", "a", sampling, [])).toBe(true);
  expect(lessons.learn("p/m", "a", { ...sampling }, [])).toBe(true);
  expect(lessons.learn("p/m", "a", { ...sampling }, of("a"))).toBe(false);
  expect(of("a")).toHaveLength(1);
});

test("while nothing is known nobody asks which conversation it is", () => {
  const conversation = vi.fn(() => "a");
  expect(new LessonMemory({ now: () => 1 }).lessonsFor("p/m", conversation)).toEqual([]);
  expect(conversation).not.toHaveBeenCalled();
});
