// Marks that automation leaves in a browser, and contradictions in its own words: the widget's collector of them, and
// none of its others. Names only; nothing here tells one browser from another of its kind (docs/privacy.md).

import { browser } from "../../widget/src/collect/browser.js";
import type { Place } from "../../widget/src/collect/observe.js";

/** Reads them when it is called. That collector looks at the page alone. */
export const marks = browser({ page: document } as Place);
