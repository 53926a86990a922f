// Every page: its name in the address, where it stands in the navigation, and what it asks of whoever opens it. A page is
// a folder `pages/<name>/` with `index.tsx` and its texts, and a line here.

import type { ComponentType } from "preact";
import type { IconName } from "./components/icon.js";
import { AccountPage } from "./pages/account/index.js";
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
  { name: "account", icon: "account", need: "look", group: "people", Page: AccountPage },
];
