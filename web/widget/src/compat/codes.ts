// What other services' widgets call our errors, so that a page's own handling of them goes on working.

/** Turnstile's families: 110… is the page's set-up, 200… the connection, 300… the client, 600… the challenge. */
const TURNSTILE: Readonly<Record<string, string>> = {
  site_key_missing: "110100",
  site_key_unknown: "110100",
  host_not_allowed: "110200",
  action_malformed: "110420",
  data_too_long: "110430",
  unsupported: "110500",
  timeout: "110620",
  protocol_unsupported: "105001",
  unreachable: "200500",
  restricted: "600010",
  solve_failed: "300030",
};

const HCAPTCHA: Readonly<Record<string, string>> = {
  site_key_missing: "missing-captcha",
  site_key_unknown: "invalid-captcha-id",
  host_not_allowed: "invalid-data",
  action_malformed: "invalid-data",
  data_too_long: "invalid-data",
  malformed: "invalid-data",
  closed: "challenge-closed",
  timeout: "challenge-expired",
  throttled: "rate-limited",
  too_often: "rate-limited",
  restricted: "rate-limited",
  unreachable: "network-error",
  unavailable: "network-error",
  busy: "network-error",
};

export const turnstileCode = (code: string): string => TURNSTILE[code] ?? "600010";
export const hcaptchaCode = (code: string): string => HCAPTCHA[code] ?? "challenge-error";
