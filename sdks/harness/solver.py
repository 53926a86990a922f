"""What a page's script does with the challenge in it."""

import json
import pathlib
import subprocess


def of_page(page):
    """The challenge that a page holds."""
    start = page.index('id="spigot-challenge">') + len('id="spigot-challenge">')
    return json.loads(page[start:page.index("</script>", start)])


def solution(page):
    """The submission for a page's challenge."""
    script = pathlib.Path(__file__).parent / "solve.mjs"
    challenge = json.dumps(of_page(page)).encode()
    return json.loads(subprocess.run(["node", script], input=challenge, stdout=subprocess.PIPE, check=True, timeout=120).stdout)
