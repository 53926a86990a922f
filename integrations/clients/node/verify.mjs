// Verifies one token with a published Node client: `node verify.mjs`, the case as JSON on standard input.
// The case is `{base, site_key, secret, token}`; the answer is `{accepted, codes}`, as the client reports it.

import { readFileSync } from "node:fs";
import { FriendlyCaptchaClient } from "@friendlycaptcha/server-sdk";

const { base, site_key, secret, token } = JSON.parse(readFileSync(0, "utf8"));
// Strict, since otherwise it accepts what it could not verify.
const client = new FriendlyCaptchaClient({ apiKey: secret, sitekey: site_key, apiEndpoint: base, strict: true });
const result = await client.verifyCaptchaResponse(token);
const code = result.getResponseError?.()?.error_code ?? result.response?.error?.error_code;
console.log(JSON.stringify({ accepted: result.shouldAccept(), codes: code === undefined ? [] : [code] }));
// The client's own time-out would keep the process for 20 seconds.
process.exit(0);
