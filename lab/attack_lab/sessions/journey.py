"""One person's visit in a real Chromium: looks round, searches, signs in. What was met on the way is written down."""

import contextlib
import random
import time
from dataclasses import asdict, dataclass, field
from typing import Any

PASSPHRASE = "brass kettle morning rain"
WRONG = "brass kettle morning"
# Challenges solve themselves within seconds; after this the person would be gone.
CHECK_SECONDS_MAX = 45
STEP_MILLIS_MAX = 30_000
# The page of a challenge, and what of it somebody has to press: the copy button beside the decision's id is not it.
CHALLENGE = "#spigot-challenge"
BY_HAND = "noscript a, noscript button, #actions:not([hidden]) button"


@dataclass
class Met:
    """What a session met. `visible` counts challenges at which something had to be done or waited out by hand."""

    kind: str
    address: str
    invisible: int = 0
    visible: int = 0
    blocked: int = 0
    slowed: int = 0
    # The first page, which is one of low risk: whether anything stood before it, and whether it was more than a check
    # that passed by itself.
    first_hindered: bool = False
    first_visible: bool = False
    # Everything that the person came for was done.
    finished: bool = False
    check_millis: list[int] = field(default_factory=list)
    trouble: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Habits:
    """How somebody uses a browser. Times are seconds; typing is per key."""

    pause: tuple[float, float]
    typing_millis: int
    by: str  # mouse, keys, touch, manager
    script: bool = True
    signs_in: bool = True
    # Options of the browser's context.
    context: dict[str, Any] = field(default_factory=dict)


PHONE = {
    "viewport": {"width": 412, "height": 839}, "device_scale_factor": 2.625, "is_mobile": True, "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
}

KINDS = {
    "slow": Habits((0.8, 2.0), 160, "mouse"),
    "fast": Habits((0.1, 0.3), 25, "mouse"),
    "keyboard only": Habits((0.3, 0.8), 80, "keys"),
    "password manager": Habits((0.3, 0.8), 60, "manager"),
    "phone": Habits((0.4, 1.0), 90, "touch", context=PHONE),
    "no JavaScript, reads": Habits((0.3, 0.6), 60, "mouse", script=False, signs_in=False),
    "no JavaScript, signs in": Habits((0.3, 0.6), 60, "mouse", script=False),
}


class Person:
    """A person at a browser. `number` makes each another one, with an account of their own."""

    def __init__(self, page: Any, base: str, habits: Habits, number: int, met: Met) -> None:
        self._page, self._base, self._habits, self._met = page, base, habits, met
        self._chance = random.Random(number)
        self._email = f"demo-{number % 500 + 1}@example.org"
        self._number = number
        page.on("response", self._heard)
        self._challenged_at: float | None = None

    def visit(self) -> None:
        """Comes in by the first page, reads, searches, signs in; one in five mistypes the passphrase first."""
        page = self._page
        page.goto(self._base + "/")
        met = self._met
        try:
            self._settle()
        finally:
            # Whoever does not get past it, too.
            met.first_visible = met.visible + met.blocked + met.slowed > 0
            met.first_hindered = met.first_visible or met.invisible > 0
        self._go("main a[href^='/products/']", self._chance.randrange(6))
        page.goto(f"{self._base}/search?q={self._chance.choice(['tap', 'basin', 'hose'])}")
        self._settle()
        if self._habits.signs_in:
            page.goto(self._base + "/login")
            self._settle()
            if self._chance.random() < 0.2:
                self._sign_in(WRONG)
            self._sign_in(PASSPHRASE)
            met.finished = page.locator("form[action='/logout']").count() > 0
        else:
            met.finished = page.locator("main").count() > 0 and met.blocked == 0

    def _sign_in(self, passphrase: str) -> None:
        page, by = self._page, self._habits.by
        email, password = (page.locator(f'main form [name="{name}"]') for name in ("email", "password"))
        if by == "manager":
            # As extensions do it: values are set at once, and the events that pages wait for are made.
            fill = "(at, value) => { at.value = value; for (const name of ['input', 'change']) at.dispatchEvent(new Event(name, { bubbles: true })) }"
            email.evaluate(fill, self._email)
            password.evaluate(fill, passphrase)
            self._rest()
            page.locator("main form button").first.click()
        elif by == "keys":
            email.focus()
            self._type(self._email)
            page.keyboard.press("Tab")
            self._type(passphrase)
            page.keyboard.press("Enter")
        else:
            for where, text in ((email, self._email), (password, passphrase)):
                self._press(where)
                where.press("Control+a")
                self._type(text)
            self._rest()
            self._press(page.locator("main form button").first)
        with contextlib.suppress(Exception):
            page.wait_for_load_state("domcontentloaded")
        self._settle()

    def _go(self, selector: str, number: int) -> None:
        where = self._page.locator(selector).nth(number)
        if self._habits.by == "keys":
            where.focus()
            self._page.keyboard.press("Enter")
        else:
            self._press(where)
        self._page.wait_for_url("**/products/*", wait_until="domcontentloaded")
        self._settle()

    def _press(self, where: Any) -> None:
        if self._habits.by == "touch":
            where.tap()
            return
        box = where.bounding_box() if self._habits.script else None
        if box:
            x, y = box["x"] + box["width"] * self._chance.uniform(0.3, 0.7), box["y"] + box["height"] / 2
            self._page.mouse.move(x + self._chance.uniform(-90, 90), y + self._chance.uniform(-60, 60))
            self._page.mouse.move(x, y, steps=self._chance.randint(8, 16))
        where.click()

    def _type(self, text: str) -> None:
        for letter in text:
            self._page.keyboard.type(letter)
            time.sleep(self._chance.uniform(0.5, 1.5) * self._habits.typing_millis / 1000)

    def _rest(self) -> None:
        time.sleep(self._chance.uniform(*self._habits.pause))

    def _heard(self, answer: Any) -> None:
        request = answer.request
        if not request.is_navigation_request() or answer.frame.parent_frame is not None:
            return
        now = time.monotonic()
        if "x-captcha-reason" in answer.headers:
            self._challenged_at = now
        elif answer.status == 429:
            self._met.slowed += 1
        elif answer.status == 403:
            self._met.blocked += 1
        elif self._challenged_at is not None:
            self._met.check_millis.append(round((now - self._challenged_at) * 1000))
            self._challenged_at = None

    def _settle(self) -> None:
        """Waits for what solves itself, does what has to be done by hand, and rests as the person does."""
        page, until, by_hand = self._page, time.monotonic() + CHECK_SECONDS_MAX, False
        if page.locator(CHALLENGE).count() > 0:
            try:
                while page.locator(CHALLENGE).count() > 0:
                    if time.monotonic() > until:
                        raise TimeoutError("a challenge did not end")
                    by_hand |= self._do_what_is_asked()
                    time.sleep(0.1)
            finally:
                # Who is stuck has seen it, too.
                if by_hand or page.locator(CHALLENGE).count() > 0:
                    self._met.visible += 1
                else:
                    self._met.invisible += 1
        self._rest()

    def _do_what_is_asked(self) -> bool:
        """Presses what there is to press; whether there was anything."""
        hands = self._page.locator(BY_HAND)
        if not self._habits.script:
            if hands.count() == 0:
                raise TimeoutError("there is no way on without JavaScript")
            hands.first.click()
            return True
        shown = hands.count() > 0 and hands.first.is_visible()
        if shown:
            hands.first.click()
        return shown
