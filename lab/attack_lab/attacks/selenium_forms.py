"""Headless Chromium that fills in the shop's forms, driven by selenium through Debian's chromedriver.

    python -m attack_lab.attacks.selenium_forms --aim signup --count 20 --bases https://127.0.0.1:8443
"""

import argparse
import itertools
import json

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as until
from selenium.webdriver.support.wait import WebDriverWait

from . import aims
from .browser import CHROMIUM, STEP_MILLIS_MAX

CHROMEDRIVER = "/usr/bin/chromedriver"


def attempt(base: str, aim: str, fields: dict[str, str]) -> bool:
    options = Options()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--ignore-certificate-errors"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    try:
        seconds = STEP_MILLIS_MAX / 1000
        driver.set_page_load_timeout(seconds)
        wait = WebDriverWait(driver, seconds)
        driver.get(base + aims.page(aim, 0))
        if not driver.find_elements(By.CSS_SELECTOR, "main form, #spigot-challenge"):
            return False
        for name, value in fields.items():
            field = wait.until(until.element_to_be_clickable((By.CSS_SELECTOR, f'main form [name="{name}"]')))
            field.send_keys(value)
        driver.find_element(By.CSS_SELECTOR, "main form button").click()
        wait.until(until.presence_of_element_located((By.CSS_SELECTOR, "main form, main .card, main h1")))
        return not driver.find_elements(By.ID, "spigot-challenge")
    finally:
        driver.quit()


def main() -> None:
    about = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    about.add_argument("--aim", choices=["login", "signup"], required=True)
    about.add_argument("--count", type=int, required=True)
    about.add_argument("--bases", required=True)
    about.add_argument("--seed", type=int, default=1)
    told = about.parse_args()
    bases = itertools.cycle(told.bases.split(","))
    answered = started = 0
    for number in range(told.count):
        started += 1
        print(f"begun {started}", flush=True)
        try:
            answered += attempt(next(bases), told.aim, aims.form(told.aim, number, told.seed))
        except WebDriverException as error:
            print(f"attempt {number}: {(error.msg or 'failed').splitlines()[0]}", flush=True)
    print(json.dumps({"started": started, "answered": answered}))


if __name__ == "__main__":
    main()
