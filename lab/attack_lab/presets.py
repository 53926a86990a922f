"""The policies that the lab compares: the shipped one, and each preset on every path."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = "shipped"
PRESETS = ["low", "medium", "high"]
NAMES = [SHIPPED, *PRESETS]
# An application in front of which somebody wrote nothing but a preset still says what its log-in form calls an account.
ACCOUNT_FIELDS = '["email"]'


def policy(name: str) -> str:
    """The policy's text, without the server's keys."""
    if name == SHIPPED:
        return (ROOT / "policies/default.toml").read_text()
    return f"""extends = "nothing"

[[route]]
name = "everything"
match = "/**"
preset = "{name}"
account_fields = {ACCOUNT_FIELDS}
"""
