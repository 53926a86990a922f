// The script for pages made for Turnstile, hCaptcha or reCAPTCHA: the widget, under the names that they know. Which of
// them is told by the address that it is loaded from; under its own name it is all three.

import { createApi } from "./api.js";
import { baseOf, ownScript } from "./base.js";
import * as hcaptcha from "./compat/hcaptcha.js";
import { whenParsed, widgetIn } from "./compat/place.js";
import * as recaptcha from "./compat/recaptcha.js";
import * as turnstile from "./compat/turnstile.js";
import { defineElement } from "./element.js";

const script = ownScript();
const address = new URL(script?.src || document.baseURI, document.baseURI);
const asked = address.searchParams;
const language = asked.get("hl") ?? undefined;
const page = window as unknown as Record<string, Record<string, unknown> | undefined>;

/** Ten seconds: an application that takes longer to start does not wait for a callback. */
const ONLOAD_TRIES_MAX = 200;
const ONLOAD_WAIT_MILLIS = 50;

interface Vendor {
  readonly global: string;
  readonly path: RegExp;
  readonly markers: readonly string[];
  create(): Readonly<Record<string, unknown>>;
}

/** What Turnstile calls its way of standing in for reCAPTCHA; hCaptcha does that unless it is told not to. */
const asRecaptcha = asked.get("compat") === "recaptcha";

const VENDORS: readonly Vendor[] = [
  {
    global: "turnstile",
    path: /\/turnstile\//,
    markers: asRecaptcha ? [turnstile.MARKER, recaptcha.MARKER] : [turnstile.MARKER],
    create: () => turnstile.createTurnstile(asRecaptcha ? "g-recaptcha-response" : undefined),
  },
  {
    global: "hcaptcha",
    path: /\/1\/(secure-)?api\.js$|hcaptcha/,
    markers: [hcaptcha.MARKER],
    create: () => hcaptcha.createHcaptcha(language),
  },
  {
    global: "grecaptcha",
    path: /\/recaptcha\//,
    markers: [recaptcha.MARKER],
    create: () => recaptcha.createRecaptcha(language),
  },
];

defineElement({ base: baseOf(script?.src || undefined, document.baseURI), nonce: script?.nonce || undefined });
page["spigot"] ??= createApi() as unknown as Record<string, unknown>;

const meant = VENDORS.filter(({ path }) => path.test(address.pathname));
const apis = (meant.length > 0 ? meant : VENDORS).map((vendor) => install(vendor));
const only = meant[0]?.global;
if ((only === "hcaptcha" && asked.get("recaptchacompat") !== "off") || (only === "turnstile" && asRecaptcha))
  page["grecaptcha"] ??= page[only];
begin();

function install({ global, markers, create }: Vendor): {
  readonly markers: readonly string[];
  readonly api: Record<string, unknown>;
} {
  const api = create();
  // A page may have put a queue there, which its own `ready` fills.
  page[global] = Object.assign(page[global] ?? {}, api);
  return { markers, api: page[global] };
}

function begin(): void {
  const queued = (page["___grecaptcha_cfg"]?.["fns"] ?? []) as (() => void)[];
  for (const call of queued.splice(0)) whenParsed(call);
  const onload = asked.get("onload");
  // After this script: what it calls may be in the next, or in one that loads later.
  if (onload !== null) setTimeout(() => callOnload(onload, ONLOAD_TRIES_MAX));
  // `render` names a site key in version 3 of reCAPTCHA: nothing to show there.
  if (asked.get("render") !== null && asked.get("render") !== "onload") return;
  whenParsed(() => apis.forEach(({ markers, api }) => scan(markers, api["render"] as (place: Element) => unknown)));
}

function callOnload(name: string, tries: number): void {
  const call = (window as unknown as Record<string, unknown>)[name];
  if (typeof call === "function") call();
  else if (tries > 1) setTimeout(() => callOnload(name, tries - 1), ONLOAD_WAIT_MILLIS);
}

function scan(markers: readonly string[], render: (place: Element) => unknown): void {
  for (const place of document.querySelectorAll(markers.map((marker) => `.${marker}`).join())) {
    // Without a site key it is the page's own business.
    if (place.hasAttribute("data-sitekey") && widgetIn(place) === null) render(place);
  }
}
