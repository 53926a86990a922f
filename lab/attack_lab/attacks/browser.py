"""Headless or headed Chromium that fills in the shop's forms, driven by playwright or patchright.

    python -m attack_lab.attacks.browser --driver playwright --aim login --count 20 --bases https://127.0.0.1:8443

Each attempt is a new browser context, as tools that try accounts do it. Writes `{"started", "answered"}` as its last line.
"""

import argparse
import contextlib
import importlib
import itertools
import json
from typing import Any

from . import aims

CHROMIUM = "/usr/bin/chromium"
# A challenge that takes longer than this has stopped the attempt.
STEP_MILLIS_MAX = 15_000
SUBMIT = "main form button"


def attempt(browser: Any, base: str, aim: str, fields: dict[str, str], pace: str) -> bool:
    """Whether the shop's own answer was seen after the form was sent."""
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(STEP_MILLIS_MAX)
    try:
        page = context.new_page()
        page.goto(base + aims.page(aim, 0))
        if page.locator("main form, #spigot-challenge").count() == 0:
            return False
        for name, value in fields.items():
            field = page.locator(f'main form [name="{name}"]')
            if pace == "typed":
                field.click()
                page.keyboard.type(value, delay=45)
            else:
                field.fill(value)
        was = page.url
        with page.expect_response(lambda answer: answer.request.method == "POST" and "/.spigot/" not in answer.url) as posted:
            page.locator(SUBMIT).first.click()
        if posted.value.status not in (403, 429, 503):
            return True
        # A challenge after the post: the page solves it and sends the kept form on.
        with contextlib.suppress(Exception):
            page.wait_for_selector("main form, main .card, main h1", timeout=STEP_MILLIS_MAX)
        return page.locator("#spigot-challenge").count() == 0 and page.url != was
    finally:
        context.close()


def main() -> None:
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--driver", choices=["playwright", "patchright"], required=True)
    about.add_argument("--aim", choices=["login", "signup"], required=True)
    about.add_argument("--count", type=int, required=True)
    about.add_argument("--bases", required=True, help="where to, one for each attempt in turn")
    about.add_argument("--headed", action="store_true", help="with a window, on the display of the environment")
    about.add_argument("--pace", choices=["at-once", "typed"], default="at-once")
    about.add_argument("--seed", type=int, default=1)
    told = about.parse_args()
    bases = itertools.cycle(told.bases.split(","))
    driver = importlib.import_module(f"{told.driver}.sync_api")
    answered = started = 0
    with driver.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, headless=not told.headed, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for number in range(told.count):
            started += 1
            print(f"begun {started}", flush=True)
            try:
                fields = aims.form(told.aim, number, told.seed)
                answered += attempt(browser, next(bases), told.aim, fields, told.pace)
            except driver.Error as error:
                print(f"attempt {number}: {str(error).splitlines()[0]}", flush=True)
        browser.close()
    print(json.dumps({"started": started, "answered": answered}))


if __name__ == "__main__":
    main()
