"""The start that a README shows: its first block of code, as it stands there."""

import re

from .driver import SDKS


def start_of(sdk):
    return re.search(r"```[\w,]+\n(.*?)```", (SDKS / sdk.folder / "README.md").read_text(), re.S).group(1)
