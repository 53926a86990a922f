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
  { name: "account", icon: "account", need: "look", group: "people", Page: AccountPage },
];
