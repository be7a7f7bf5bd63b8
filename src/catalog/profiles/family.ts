/** A family of models: one row of data. */
import type { Profile } from "../../protocols/profile.ts";

export interface Family {
  /** Over the bare model name. The first that matches counts. */
  readonly models: RegExp;
  readonly profile: Profile;
}
