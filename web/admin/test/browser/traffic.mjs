// Visitors and bots at the demo's shop, so that the panel has something to show. Seeded: each run does the same.

import http from "node:http";

const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
];
const PATHS = ["/", "/products/1", "/products/2", "/products/7", "/search?q=kettle", "/contact"];

/** One request from 127.0.0.`client`; its status and the decision that it was told, where it was. */
export function visit(shop, client, path, headers = {}) {
  const { hostname, port } = new URL(shop);
  return new Promise((resolve, reject) => {
    const request = http.get({ hostname, port, path, localAddress: `127.0.0.${client}`, headers: { accept: "text/html", "user-agent": AGENTS[client % AGENTS.length], ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, text, reason: response.headers["x-captcha-reason"] }));
    });
    request.on("error", reject);
  });
}

/** Some minutes' worth of a small shop's day: people, a scraper, somebody who probes. Returns a decision's id. */
export async function traffic(shop, visits = 200, seed = 7) {
  let state = seed;
  const random = (below) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  for (let count = 0; count < visits; count++) await visit(shop, 2 + random(40), PATHS[random(PATHS.length)]);
  for (let count = 0; count < visits / 4; count++) await visit(shop, 60, `/products/${count}`, { "user-agent": "python-requests/2.32" });
  for (const path of ["/wp-login.php", "/.env", "/.git/config"]) await visit(shop, 61, path, { "user-agent": "curl/8.5" });
  for (let client = 70; client < 80; client++) await visit(shop, client, "/login");
  const asked = await visit(shop, 9, "/login", { accept: "application/json" });
  return JSON.parse(asked.text).decision;
}
