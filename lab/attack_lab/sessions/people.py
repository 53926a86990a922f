"""Runs people's visits one after the other in one Chromium with a window: `python -m attack_lab.sessions.people PLAN`.

PLAN is a JSON list of `{"kind", "base", "address", "number"}`; each visit's end is written as a JSON line. The browser is
driven by patchright, which leaves no mark of a driver that a person's browser would not have; whatever Spigot holds
against it there, it would hold against people.
"""

import json
import sys
from typing import Any

from patchright.sync_api import Error, sync_playwright

from ..attacks.browser import CHROMIUM
from .journey import KINDS, STEP_MILLIS_MAX, Met, Person


def visit(browser: Any, planned: dict[str, Any]) -> Met:
    met = Met(planned["kind"], planned["address"])
    habits = KINDS[planned["kind"]]
    window = habits.context or {"no_viewport": True}
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=habits.script, **window)
    context.set_default_timeout(STEP_MILLIS_MAX)
    try:
        Person(context.new_page(), planned["base"], habits, planned["number"], met).visit()
    except (Error, TimeoutError) as error:
        met.trouble = str(error).splitlines()[0][:200]
    finally:
        context.close()
    return met


def main() -> None:
    planned = json.loads(sys.argv[1])
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, headless=False, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for each in planned:
            print(json.dumps(visit(browser, each).told()), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
