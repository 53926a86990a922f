"""Bodies that an application shows to the service: they are looked into as far as they are shown, and arrive whole."""

import json

from .visitor import BROWSER, Visitor

FORM = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"}
JSON = {**BROWSER, "Content-Type": "application/json"}
# More than is shown, by far.
LONG = "x" * 300_000


def run(check, sdk, mode, port):
    """Whose account comes twice within the hour is refused, where the service sees whose it is."""
    # One each: what was refused of one would weigh against the next.
    visitor = Visitor(port, f"127.0.0.{10 + sdk.serves.index(mode)}")
    name = mode.replace("-", ".")
    bodies = [
        ("form", FORM, f"email={name}.form%40example.org&text=j%C3%B6", False),
        ("json", JSON, json.dumps({"email": f"{name}.json@example.org", "text": "ö"}, ensure_ascii=False), False),
    ]
    if mode in sdk.chunks:
        bodies.append(("chunked", FORM, f"email={name}.chunked%40example.org&text=j%C3%B6", True))
    for what, headers, body, chunked in bodies:
        status, _, text = visitor.ask("POST", "/shown/x", headers, body.encode(), chunked=chunked)
        arrived = status == 200 and json.loads(text)["body"]
        check(arrived == body, f"{mode}: a {what} body that is shown arrives whole", status, text)
        status, _, text = visitor.ask("POST", "/shown/x", headers, body.encode(), chunked=chunked)
        check(status == 403, f"{mode}: and was looked into", what, status, text)
    for chunked in (False, True) if mode in sdk.chunks else (False,):
        # The same body again and again would be found, too.
        body = f"text={name}{chunked}{LONG}"
        status, _, text = visitor.ask("POST", "/shown/long/x", FORM, body.encode(), chunked=chunked)
        arrived = status == 200 and json.loads(text)["body"]
        check(arrived == body, f"{mode}: a long body arrives whole behind what is shown of it", chunked, status, text)
        status, _, text = visitor.ask("POST", "/shown/long/refused", FORM, body.encode(), chunked=chunked)
        check(status == 403, f"{mode}: and its beginning was looked into", chunked, status, text)
    _, headers, body, _ = bodies[0]
    for _ in range(2):
        status, _, text = visitor.ask("POST", "/unshown/x", headers, body.encode())
        check(status == 200 and json.loads(text)["body"] == body, f"{mode}: other bodies are not shown", status, text)
    for method, empty in (("POST", b""), ("POST", None), ("GET", None)):
        status, _, text = visitor.ask(method, "/shown/x", BROWSER, empty)
        check(status == 200 and json.loads(text)["body"] == "", f"{mode}: nothing to show is shown", method, status, text)
    status, _, page = visitor.ask("POST", "/shown/asked/x", FORM, b"name=kept+by+the+page")
    check("/.spigot/" in page and "kept by the page" in page, f"{mode}: a challenge's page carries a form that was shown", status, page)
    status, _, page = visitor.ask("POST", "/asked/x", FORM, b"name=lost")
    lost = "cannot be kept" in page and "name=lost" not in page
    check(status == 403 and lost, f"{mode}: and says of one that was not that it is lost", status, page)
    if mode in sdk.parameters:
        body = f"text={LONG}&email={name}.parameter%40example.org"
        status, _, text = visitor.ask("POST", "/shown/long/form", FORM, body.encode())
        email = status == 200 and json.loads(text)["email"]
        check(email == f"{name}.parameter@example.org", f"{mode}: parameters of a form that was shown", status, text)
