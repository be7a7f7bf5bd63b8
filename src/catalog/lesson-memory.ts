/** Remembers what upstreams have taught, for a while and up to a number, and which lessons each conversation already uses. */
import { LRUCache } from "lru-cache";
import type { Lesson } from "./lessons.ts";

/** Models are updated, and a server may have been misread: then a lesson is learned anew, in ms. */
const LESSON_TTL_MS = 86_400_000;
const MAX_MODELS = 1000;
const MAX_CONVERSATIONS = 10_000;
/** More than this of one model means that something else is wrong. */
const MAX_LESSONS = 16;

/** Tells the time in ms. */
interface Clock {
  now(): number;
}

export class LessonMemory {
  readonly #byModel: LRUCache<string, readonly Lesson[]>;
  /** What a conversation uses stays as it was when it first used it, whatever is learned or forgotten elsewhere. */
  readonly #byConversation: LRUCache<string, readonly Lesson[]>;

  constructor(clock: Clock) {
    // The time is asked for anew each time, so that a test's clock counts.
    const shared = { ttl: LESSON_TTL_MS, ttlResolution: 0, perf: clock };
    this.#byModel = new LRUCache({ ...shared, max: MAX_MODELS });
    this.#byConversation = new LRUCache({ ...shared, max: MAX_CONVERSATIONS, updateAgeOnGet: true });
  }

  /**
   * The lessons to lay over a model's profile, in the order they were learned.
   * @param model names it at its provider's server.
   * @param conversation asked for only when there is something to tie to it.
   */
  lessonsFor(model: string, conversation: () => string): readonly Lesson[] {
    if (this.#byModel.size === 0 && this.#byConversation.size === 0) return [];
    const key = `${model}\n${conversation()}`;
    const bound = this.#byConversation.get(key);
    if (bound) return bound;
    const lessons = this.#byModel.get(model) ?? [];
    if (lessons.length > 0) this.#byConversation.set(key, lessons);
    return lessons;
  }

  /**
   * Adds what a conversation has just been taught; another request of it may have been taught the same meanwhile.
   * @param used the lessons that the refused request was made with.
   * @returns `false` when this is one of them, so that knowing it does not help.
   */
  learn(model: string, conversation: string, lesson: Lesson, used: readonly Lesson[]): boolean {
    if (added(used, lesson) === used) return false;
    const key = `${model}\n${conversation}`;
    this.#byConversation.set(key, added(this.#byConversation.get(key) ?? [], lesson));
    this.#byModel.set(model, added(this.#byModel.get(model) ?? [], lesson));
    return true;
  }
}

function added(lessons: readonly Lesson[], lesson: Lesson): readonly Lesson[] {
  const text = JSON.stringify(lesson);
  return lessons.some((one) => JSON.stringify(one) === text) ? lessons : [...lessons, lesson].slice(-MAX_LESSONS);
}
