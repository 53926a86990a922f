// Whether the browser's own story holds together, and marks that automation leaves. Names of marks only: nothing here
// tells one browser from another of its kind. What each weighs, and why no person's browser has it, is with the
// signals `steered_browser` and `environment_mismatch`.

import type { Collect } from "./observe.js";
import ENGINES from "./engines.json";

interface Agent extends Navigator {
  readonly userAgentData?: { readonly brands?: readonly { readonly brand: string }[]; readonly mobile?: boolean };
}

type View = Window & { readonly navigator: Agent };

/** Properties of `window` or `document` that tools put there. */
const LEFT_BEHIND = [
  "__playwright__binding__",
  "__pwInitScripts",
  "domAutomation",
  "domAutomationController",
  "__webdriver_evaluate",
  "__selenium_evaluate",
];

/** How often a page fits into its window: browsers make it smaller down to a quarter. */
const ZOOM_MAX = 4.5;

// engines.json: what each release of an engine has had for years, and no other engine. One of them is enough, so that a
// release may drop some.

const MARKS: Readonly<Record<string, (view: View, page: Document, agent: Agent) => boolean>> = {
  webdriver: (_view, _page, agent) => agent.webdriver === true,
  headless: (_view, _page, agent) => /Headless/.test(agent.userAgent),
  tool: (view, page) =>
    LEFT_BEHIND.some((name) => name in view || name in page) ||
    [page, view].some((place) => Object.keys(place).some((name) => /^\$?cdc_/.test(name))),
  no_languages: (_view, _page, agent) => (agent.languages ?? []).length === 0 || agent.language === "",
  // Tabs that were never in front have no size yet, and neither have pages within apps on phones.
  no_window: (view, page, agent) =>
    isDesktop(agent) && !page.hidden && view.outerWidth === 0 && view.outerHeight === 0 && view.innerWidth > 0,
  brands: (_view, _page, agent) => {
    const { brands } = agent.userAgentData ?? {};
    return (
      brands !== undefined &&
      brands.some(({ brand }) => brand === "Chromium") !== /Chrom(e|ium)\//.test(agent.userAgent)
    );
  },
  mobile: (_view, _page, agent) => {
    const { mobile } = agent.userAgentData ?? {};
    return mobile !== undefined && mobile !== /Mobile/.test(agent.userAgent);
  },
  platform: (_view, _page, { platform, userAgent }) =>
    (/^Win/.test(platform) && !/Windows/.test(userAgent)) ||
    (/^Linux x86/.test(platform) && /Windows|Mac OS/.test(userAgent)),
  // Televisions are Android without touch, too; they do not call themselves mobile.
  touch: (_view, _page, agent) => /(Android|iPhone|iPad).*Mobile/.test(agent.userAgent) && agent.maxTouchPoints === 0,
  // Of `webdriver` alone: extensions for privacy replace other properties, but have nothing to hide there.
  patched: (_view, _page, agent) =>
    isPatched(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(agent) as object, "webdriver")?.get) ||
    Object.getOwnPropertyNames(agent).includes("webdriver"),
  // Who hides the depth says 24, and electronic paper has 8.
  screen: (view, _page, agent) => {
    const { screen, outerWidth, outerHeight } = view;
    return (
      !(screen.width * screen.height > 0 && screen.colorDepth > 7) ||
      // A frame may be as long as what it holds.
      (isDesktop(agent) &&
        view.parent === view &&
        outerWidth * outerHeight > 0 &&
        (view.innerWidth > outerWidth * ZOOM_MAX || view.innerHeight > outerHeight * ZOOM_MAX))
    );
  },
  engine: (view, _page, agent) =>
    ENGINES.some(({ says, from, has }) => {
      const version = new RegExp(says).exec(agent.userAgent)?.[1];
      return version !== undefined && +version >= from && !has.some((name) => name in view);
    }),
};

/** A tablet of Apple's says that it is a Macintosh, and a phone of which the desktop's page is asked that it is Linux;
 * they have touch. */
function isDesktop({ userAgent, maxTouchPoints }: Agent): boolean {
  return !/Mobile|Android|iPhone|iPad/.test(userAgent) && !(/Macintosh|Linux/.test(userAgent) && maxTouchPoints > 0);
}

function isPatched(getter: (() => unknown) | undefined): boolean {
  return getter !== undefined && !/\[native code\]/.test(Function.prototype.toString.call(getter));
}

/** The names of the marks that hold of a page's browser. */
export function marksOf(view: View, page: Document): string[] {
  const marks = Object.entries(MARKS).filter(([, is]) => {
    try {
      return is(view, page, view.navigator);
    } catch {
      // What cannot be asked is no mark.
      return false;
    }
  });
  return marks.map(([name]) => name);
}

export const browser: Collect =
  ({ page }) =>
  () => ({ marks: marksOf(window, page) });
