"""What attacks are after: the request that counts, and how it is written."""

import random
from dataclasses import dataclass

CUSTOMERS = 500


@dataclass(frozen=True)
class Aim:
    """A request counts as having reached its aim when the shop answered one with this method on a path that begins so."""

    method: str
    path: str

    def is_met_by(self, method: str, path: str) -> bool:
        # A prefix where it ends in a slash, else the very path.
        fits = path.startswith(self.path) if self.path.endswith("/") else path == self.path
        return method == self.method and fits


LOGIN = Aim("POST", "/login")
SIGNUP = Aim("POST", "/signup")
COUPON = Aim("POST", "/coupon")
CHECKOUT = Aim("POST", "/checkout")
NEWSLETTER = Aim("POST", "/newsletter")
PRODUCTS = Aim("GET", "/products/")
SEARCH = Aim("GET", "/search")
ANY_PAGE = Aim("GET", "/")

BY_NAME = {
    "login": LOGIN, "signup": SIGNUP, "coupon": COUPON, "checkout": CHECKOUT, "newsletter": NEWSLETTER,
    "products": PRODUCTS, "search": SEARCH,
}


def form(name: str, number: int, seed: int) -> dict[str, str]:
    """The fields of the attempt with this number: as leaked lists, generated addresses and guessed codes look."""
    chance = random.Random(f"{seed}/{name}/{number}")
    word = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7))
    email = f"{word}.{chance.choice('abcdefgh')}{chance.randint(50, 99)}@example.net"
    match name:
        case "login":
            return {"email": email, "password": f"{word}{chance.randint(1, 2024)}"}
        case "signup":
            return {"email": f"{word}{number}@example.com", "password": f"{word}-{word[::-1]}"}
        case "coupon":
            return {"code": f"BOWL-{chance.randint(1000, 9999)}"}
        case "checkout":
            return {"product": "3", "quantity": "1", "name": word.title(), "email": email}
        case "newsletter":
            return {"email": email}
    raise ValueError(name)


def page(name: str, number: int) -> str:
    """The path of the attempt's request; forms are fetched there, too, where there is a page."""
    match name:
        case "products":
            return f"/products/{number % 12 + 1}"
        case "search":
            return f"/search?q={number}"
    return BY_NAME[name].path
