// Every page: its name in the address, where it stands in the navigation, and what it asks of whoever opens it. A page is
// a folder `pages/<name>/` with `index.tsx` and its texts, and a line here.

import type { ComponentType } from "preact";
import type { IconName } from "./components/icon.js";
import { AccountPage } from "./pages/account/index.js";
import { ActivityPage } from "./pages/activity/index.js";
import { HealthPage } from "./pages/health/index.js";
import { OverviewPage } from "./pages/overview/index.js";
import { ReviewPage } from "./pages/review/index.js";
import { SupportPage } from "./pages/support/index.js";
import { AuditPage } from "./pages/audit/index.js";
import { CaptchaPage } from "./pages/captcha/index.js";
import { ExceptionsPage } from "./pages/exceptions/index.js";
import { ListsPage } from "./pages/lists/index.js";
import { PolicyPage } from "./pages/policy/index.js";
import { RestrictionsPage } from "./pages/restrictions/index.js";
import { UsersPage } from "./pages/users/index.js";
import type { Need } from "./session.js";

export interface Page {
  name: string;
  icon: IconName;
  need: Need;
  group: "watch" | "steer" | "people";
  Page: ComponentType;
  /** Not in the navigation: it is opened from elsewhere. */
  hidden?: boolean;
}

/** In the order of the navigation. The first that somebody may see is where they begin. */
export const PAGES: readonly Page[] = [
  { name: "overview", icon: "overview", need: "look", group: "watch", Page: OverviewPage },
  { name: "activity", icon: "activity", need: "look", group: "watch", Page: ActivityPage },
  { name: "support", icon: "support", need: "look", group: "watch", Page: SupportPage },
  { name: "review", icon: "review", need: "read", group: "watch", Page: ReviewPage },
  { name: "health", icon: "health", need: "look", group: "watch", Page: HealthPage },
  { name: "captcha", icon: "captcha", need: "look", group: "steer", Page: CaptchaPage },
  { name: "lists", icon: "lists", need: "look", group: "steer", Page: ListsPage },
  { name: "restrictions", icon: "restrictions", need: "look", group: "steer", Page: RestrictionsPage },
  { name: "exceptions", icon: "exceptions", need: "look", group: "steer", Page: ExceptionsPage },
  { name: "policy", icon: "policy", need: "read", group: "steer", Page: PolicyPage },
  { name: "audit", icon: "audit", need: "read", group: "people", Page: AuditPage },
  { name: "users", icon: "users", need: "administer", group: "people", Page: UsersPage },
  { name: "account", icon: "account", need: "look", group: "people", Page: AccountPage },
];
