// Every vendor's widget: one file and one line each.

import { altcha } from "./altcha.js";
import { captchala } from "./captchala.js";
import { friendly } from "./friendly.js";
import { geetest } from "./geetest.js";
import { hcaptcha } from "./hcaptcha.js";
import { recaptcha, recaptchaEnterprise, recaptchaV3 } from "./recaptcha.js";
import { turnstile } from "./turnstile.js";
import type { Show } from "./widget.js";

const providers: Record<string, Show> = {
  turnstile,
  hcaptcha,
  recaptcha,
  recaptcha_v3: recaptchaV3,
  recaptcha_enterprise: recaptchaEnterprise,
  friendly,
  captchala,
  geetest,
  altcha,
};
window.spigotProviders = Object.assign(Object.create(null), providers);
