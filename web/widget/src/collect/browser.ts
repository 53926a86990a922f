// Whether the browser's own story holds together, and marks that automation leaves. Names of marks only: nothing here
// tells one browser from another of its kind.

import type { Collect } from "./observe.js";

interface Agent extends Navigator {
  readonly userAgentData?: { readonly brands?: readonly { readonly brand: string }[]; readonly mobile?: boolean };
}

/** Properties of `window` or `document` that tools put there. */
const LEFT_BEHIND = [
  "__playwright__binding__",
  "__pwInitScripts",
  "domAutomation",
  "domAutomationController",
  "__webdriver_evaluate",
  "__selenium_evaluate",
];

const MARKS: Readonly<Record<string, (agent: Agent, page: Document) => boolean>> = {
  webdriver: (agent) => agent.webdriver === true,
  headless: (agent) => /Headless/.test(agent.userAgent),
  tool: (_, page) =>
    LEFT_BEHIND.some((name) => name in window || name in page) ||
    Object.keys(page).some((name) => /^[$c]dc_/.test(name)),
  no_languages: (agent) => (agent.languages ?? []).length === 0 || agent.language === "",
  no_window: () => window.outerWidth === 0 && window.outerHeight === 0,
  no_plugins: (agent) => isDesktopChromium(agent) && agent.plugins.length === 0,
  brands: (agent) => {
    const { brands } = agent.userAgentData ?? {};
    return (
      brands !== undefined &&
      brands.some(({ brand }) => brand === "Chromium") !== /Chrom(e|ium)\//.test(agent.userAgent)
    );
  },
  mobile: (agent) => {
    const { mobile } = agent.userAgentData ?? {};
    return mobile !== undefined && mobile !== /Mobile/.test(agent.userAgent);
  },
  platform: (agent) => {
    const { platform, userAgent } = agent;
    return (
      (/^Win/.test(platform) && !/Windows/.test(userAgent)) ||
      (/^Linux x86/.test(platform) && /Windows|Mac OS/.test(userAgent))
    );
  },
  touch: (agent) => /Mobile|Android/.test(agent.userAgent) && agent.maxTouchPoints === 0,
  patched: () =>
    isPatched(Object.getOwnPropertyDescriptor(Navigator.prototype, "webdriver")?.get) ||
    Object.getOwnPropertyNames(navigator).length > 0,
};

function isDesktopChromium({ userAgent }: Agent): boolean {
  return /Chrome\//.test(userAgent) && !/Mobile|Android/.test(userAgent);
}

function isPatched(getter: (() => unknown) | undefined): boolean {
  return getter !== undefined && !/\[native code\]/.test(Function.prototype.toString.call(getter));
}

export const browser: Collect =
  ({ page }) =>
  () => {
    const marks = Object.entries(MARKS).filter(([, is]) => {
      try {
        return is(navigator, page);
      } catch {
        // What cannot be asked is no mark.
        return false;
      }
    });
    return { marks: marks.map(([name]) => name) };
  };
