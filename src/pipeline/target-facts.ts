/** What is known of the models that a request may go to: the catalogue, the operator's settings, and what they taught themselves. */
import type { LessonMemory } from "../catalog/lesson-memory.ts";
import { lessonOf } from "../catalog/lesson-wordings.ts";
import { layLesson, type Lesson } from "../catalog/lessons.ts";
import { modelFacts } from "../catalog/models.ts";
import type { ProtocolId } from "../chat/chat.ts";
import type { GatewayError } from "../chat/error.ts";
import type { Profile } from "../protocols/profile.ts";
import { tokenCounts } from "../protocols/shared/upstream-error.ts";
import { serverOf } from "../providers/provider.ts";
import type { Target } from "../routing/target.ts";

/** What it needs from the program. */
export interface TargetFactsContext {
  readonly lessons: LessonMemory;
  profileFor(place: { readonly platform: string; readonly model: string; readonly protocol: ProtocolId }): Profile;
}

/** The facts of one request's conversation. */
export class TargetFacts {
  readonly #context: TargetFactsContext;
  readonly #conversation: () => string;
  /** What was told last, which the attempt under way was made with. */
  #told: { readonly profile: Profile; readonly lessons: readonly Lesson[] } | undefined;

  /** @param conversation which one it is; asked for only when something was learned. */
  constructor(context: TargetFactsContext, conversation: () => string) {
    this.#context = context;
    this.#conversation = conversation;
  }

  profile(target: Target): Profile {
    const { provider, model, protocol } = target;
    const known = this.#context.profileFor({ platform: provider.platform, model, protocol });
    const lessons = this.#context.lessons.lessonsFor(keyOf(target), this.#conversation);
    const { chat, responses } = provider;
    const profile = lessons.reduce(layLesson, { ...known, ...(chat && { chat }), ...(responses && { responses }) });
    this.#told = { profile, lessons };
    return profile;
  }

  /** Whether a refusal says how to ask better: then {@link profile} is another from now on (rule 344). */
  learn(target: Target, error: GatewayError): boolean {
    if (!this.#told) return false;
    const lesson = lessonOf(error, this.#told.profile);
    return lesson !== undefined && this.#context.lessons.learn(keyOf(target), this.#conversation(), lesson, this.#told.lessons);
  }
}

function keyOf({ provider, model }: Target): string {
  return `${serverOf(provider)} ${model}`;
}

/**
 * A complaint about too many tokens, with the numbers that clients look for in it (rules 330, 332, 333).
 * @param count makes a guess at the request's tokens; asked only when it is needed.
 */
export function withTokenCounts({ provider, model }: Target, error: GatewayError, count: () => number): GatewayError {
  const { tokens, upstreamMessage } = error.detail;
  if (tokens || tokenCounts(upstreamMessage ?? error.message)) return error;
  const { contextWindow: limit } = modelFacts(provider.platform, model);
  if (limit === undefined) return error;
  const input = count();
  // Far below it, the limit that was met is another.
  return input < limit / 2 ? error : error.with({ tokens: { input: Math.max(input, limit + 1), limit } });
}
