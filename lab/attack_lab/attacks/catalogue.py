"""Every attack: with which tool, after what, as which threat."""

import pathlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from . import aims
from .aims import Aim

HERE = pathlib.Path(__file__).resolve().parent
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
FORM = "Content-Type: application/x-www-form-urlencoded"

# How much the attacker invests. Targets are told apart by it.
SCRIPT, BROWSER_PLAIN, EVASIVE = "script", "browser", "evasive"


@dataclass(frozen=True)
class Scene:
    """What an attack is given: where to, from where, with which lists, and how often."""

    bases: list[str]
    port: int
    addresses: list[str]
    lists: dict[str, pathlib.Path]
    solver: pathlib.Path
    count: int
    seed: int

    @property
    def base(self) -> str:
        return self.bases[0]

    @property
    def entrance(self) -> str:
        return self.base.removeprefix("https://")


@dataclass(frozen=True)
class Attack:
    """`count` attempts, or a fifth of them in a quick run."""

    name: str
    tool: str
    effort: str
    oats: tuple[str, ...]
    aim: Aim
    count: int
    command: Callable[[Scene], list[str]]
    # Addresses that it comes from; `entrances` of them have a port each, otherwise all share one or are bound directly.
    addresses: int = 1
    entrances: int = 1
    seconds_max: float = 180
    quick: bool = False
    display: bool = False
    # What it counts as its attempts: True when its own last line says it, since it asks more than once for one.
    counts_itself: bool = field(default=True)


def own(aim: str, *more: str, fleet: bool = False, solve: bool = False) -> Callable[[Scene], list[str]]:
    """A program of the attacker's own: `client.py`."""

    def command(scene: Scene) -> list[str]:
        base = f"https://127.0.0.1:{scene.port}" if fleet else scene.base
        said = ["--base", base, "--aim", aim, "--count", str(scene.count), "--seed", str(scene.seed), *more]
        said += ["--addresses", ",".join(scene.addresses)] if fleet else []
        said += ["--solver", str(scene.solver)] if solve else []
        return [sys.executable, "-m", "attack_lab.attacks.client", *said]

    return command


def browser(driver: str, aim: str, *more: str) -> Callable[[Scene], list[str]]:
    def command(scene: Scene) -> list[str]:
        module, driven = ("selenium_forms", []) if driver == "selenium" else ("browser", ["--driver", driver])
        said = ["--aim", aim, "--count", str(scene.count), "--bases", ",".join(scene.bases), "--seed", str(scene.seed)]
        return [sys.executable, "-m", f"attack_lab.attacks.{module}", *driven, *said, *more]

    return command


def hydra(scene: Scene) -> list[str]:
    port = scene.entrance.partition(":")[2]
    form = "/login:email=^USER^&password=^PASS^:F=do not match"
    return ["hydra", "-I", "-l", "demo@example.org", "-P", str(scene.lists["passwords"]), "-t", "4", "-s", port,
            "127.0.0.1", "https-post-form", form]


def ffuf(path: str, body: str, words: list[tuple[str, str]], agent: str) -> Callable[[Scene], list[str]]:
    def command(scene: Scene) -> list[str]:
        lists = [part for name, word in words for part in ("-w", f"{scene.lists[name]}:{word}")]
        return ["ffuf", "-u", f"{scene.base}{path}", "-X", "POST", "-d", body, "-H", FORM, "-H", f"User-Agent: {agent}",
                "-mode", "pitchfork", "-t", "8", "-k", "-mc", "all", "-s", *lists]

    return command


def gobuster(scene: Scene) -> list[str]:
    return ["gobuster", "dir", "-u", scene.base, "-w", str(scene.lists["paths"]), "-t", "8", "-k", "-q", "--no-error",
            "--no-progress", "-b", "", "-s", "200,301,302,401", "-a", BROWSER]


def sqlmap(scene: Scene) -> list[str]:
    return ["sqlmap", "-u", f"{scene.base}/search?q=tap", "--batch", "--level", "2", "--random-agent", "--timeout", "10",
            "--retries", "0", "--flush-session", "--disable-coloring", "--output-dir", str(scene.lists["paths"].parent / "sqlmap")]


def scrapy(scene: Scene) -> list[str]:
    spider, count = str(HERE / "spider.py"), f"count={scene.count}"
    return [sys.executable, "-m", "scrapy", "runspider", spider, "-a", f"base={scene.base}", "-a", count]


def wrk(scene: Scene) -> list[str]:
    return ["wrk", "-t1", "-c16", "-d3s", "-H", f"User-Agent: {BROWSER}", f"{scene.base}/search?q=tap"]


LOGIN, SIGNUP, COUPON = aims.LOGIN, aims.SIGNUP, aims.COUPON

ATTACKS = [
    # Scripts: whatever they are dressed as, nothing in them runs the challenge.
    Attack("hydra", "hydra", SCRIPT, ("007",), LOGIN, 60, hydra, quick=True, counts_itself=False),
    Attack("ffuf-pairs", "ffuf", SCRIPT, ("008",), LOGIN, 100,
           ffuf("/login", "email=EMAIL&password=WORD", [("emails", "EMAIL"), ("passwords", "WORD")], BROWSER),
           quick=True, counts_itself=False),
    Attack("imitated-logins", "curl_cffi", SCRIPT, ("008",), LOGIN, 60, own("login", "--dress", "chrome"), quick=True),
    Attack("fleet-logins", "curl_cffi", SCRIPT, ("008",), LOGIN, 60, own("login", "--dress", "chrome", fleet=True),
           addresses=60),
    Attack("library-signups", "own client", SCRIPT, ("019",), SIGNUP, 40, own("signup"), quick=True),
    Attack("imitated-signups", "curl_cffi", SCRIPT, ("019",), SIGNUP, 40, own("signup", "--dress", "chrome")),
    Attack("ffuf-coupons", "ffuf", SCRIPT, ("002",), COUPON, 100,
           ffuf("/coupon", "code=CODE", [("codes", "CODE")], BROWSER), counts_itself=False),
    Attack("imitated-orders", "curl_cffi", SCRIPT, ("001", "005", "010"), aims.CHECKOUT, 40,
           own("checkout", "--dress", "chrome")),
    Attack("library-newsletter", "own client", SCRIPT, ("017",), aims.NEWSLETTER, 60, own("newsletter")),
    Attack("scrapy", "scrapy", SCRIPT, ("011",), aims.PRODUCTS, 800, scrapy, quick=True),
    Attack("imitated-scraping", "curl_cffi", SCRIPT, ("011",), aims.PRODUCTS, 800, own("products", "--dress", "chrome")),
    Attack("sqlmap", "sqlmap", SCRIPT, ("014",), aims.SEARCH, 1, sqlmap, seconds_max=60, counts_itself=False),
    Attack("gobuster", "gobuster", SCRIPT, ("018",), aims.Aim("GET", "/"), 1, gobuster, seconds_max=60, quick=True,
           counts_itself=False),
    Attack("wrk", "wrk", SCRIPT, ("015",), aims.SEARCH, 1, wrk, seconds_max=15, counts_itself=False),
    # Whole browsers that hide nothing.
    Attack("playwright-logins", "playwright", BROWSER_PLAIN, ("008",), LOGIN, 30, browser("playwright", "login"), quick=True),
    Attack("playwright-signups", "playwright", BROWSER_PLAIN, ("019",), SIGNUP, 20, browser("playwright", "signup")),
    Attack("playwright-window-logins", "playwright", BROWSER_PLAIN, ("008",), LOGIN, 30,
           browser("playwright", "login", "--headed"), display=True, quick=True),
    Attack("selenium-logins", "selenium", BROWSER_PLAIN, ("008",), LOGIN, 15, browser("selenium", "login")),
    Attack("selenium-signups", "selenium", BROWSER_PLAIN, ("019",), SIGNUP, 15, browser("selenium", "signup")),
    # Those who take trouble.
    Attack("solver-logins", "native solver", EVASIVE, ("008", "009"), LOGIN, 60,
           own("login", "--dress", "chrome", solve=True), quick=True),
    Attack("solver-fleet-logins", "native solver", EVASIVE, ("008", "009"), LOGIN, 60,
           own("login", "--dress", "chrome", fleet=True, solve=True), addresses=60, quick=True),
    Attack("solver-fleet-signups", "native solver", EVASIVE, ("009", "019"), SIGNUP, 40,
           own("signup", "--dress", "chrome", fleet=True, solve=True), addresses=40),
    Attack("solver-coupons", "native solver", EVASIVE, ("002", "009"), COUPON, 60,
           own("coupon", "--dress", "chrome", solve=True)),
    Attack("solver-orders", "native solver", EVASIVE, ("001", "005", "009", "010"), aims.CHECKOUT, 40,
           own("checkout", "--dress", "chrome", solve=True)),
    Attack("solver-scraping", "native solver", EVASIVE, ("009", "011"), aims.PRODUCTS, 800,
           own("products", "--dress", "chrome", solve=True)),
    Attack("patchright-logins", "patchright", EVASIVE, ("008",), LOGIN, 20,
           browser("patchright", "login", "--headed", "--pace", "typed"), display=True, quick=True),
    Attack("patchright-fleet-logins", "patchright", EVASIVE, ("008",), LOGIN, 20,
           browser("patchright", "login", "--headed", "--pace", "typed"), addresses=20, entrances=20, display=True),
    Attack("patchright-fleet-signups", "patchright", EVASIVE, ("019",), SIGNUP, 20,
           browser("patchright", "signup", "--headed", "--pace", "typed"), addresses=20, entrances=20, display=True),
]
