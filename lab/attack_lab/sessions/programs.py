"""Programs that are welcome: a feed reader and a client of the shop's interface.

    python -m attack_lab.sessions.programs feed|api --base https://127.0.0.1:8443 --address 127.0.0.1
"""

import argparse
import http.client
import json
import ssl
import urllib.parse

from .journey import Met

AGENTS = {"feed": "Liferea/1.14.5 (Linux; https://lzone.de/liferea/) AppleWebKit (KHTML, like Gecko)", "api": "shop-sync/1.4"}
VISITS = 20


def requests(kind: str) -> list[tuple[str, str, bytes | None]]:
    if kind == "feed":
        return [("GET", "/", None), ("GET", "/products/3", None)] * (VISITS // 2)
    # Each item is another one: the same body over and over is what `payload_repetition` is for.
    items = [json.dumps({"name": f"Washer {number}", "price_cents": 25}).encode() for number in range(VISITS // 2)]
    return [asked for item in items for asked in (("POST", "/api/items", item), ("GET", "/api/items", None))]


def main() -> None:
    about = argparse.ArgumentParser()
    about.add_argument("kind", choices=AGENTS)
    about.add_argument("--base", required=True)
    about.add_argument("--address", required=True)
    told = about.parse_args()
    met = Met({"feed": "feed reader", "api": "API client"}[told.kind], told.address)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(urllib.parse.urlsplit(told.base).netloc, timeout=20, context=trusting)
    done = 0
    for number, (method, path, body) in enumerate(requests(told.kind)):
        headers = {"User-Agent": AGENTS[told.kind], "Accept": "*/*"}
        connection.request(method, path, body, {**headers, "Content-Type": "application/json"} if body else headers)
        answer = connection.getresponse()
        answer.read()
        done += answer.status < 300
        # A program solves nothing, so whatever asks it for something is visible to it.
        met.visible += "x-captcha-reason" in {name.lower() for name, _ in answer.getheaders()}
        met.slowed += answer.status == 429
        met.blocked += answer.status == 403 and answer.getheader("x-captcha-reason") is None
        met.first_hindered |= number == 0 and answer.status >= 400
        met.first_visible = met.first_hindered
    met.finished = done == VISITS
    print(json.dumps(met.told()))


if __name__ == "__main__":
    main()
