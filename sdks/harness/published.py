"""Packages as their registries would get them: packed, installed into an empty place, and loaded from there."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from .driver import SDKS
from .middleware import Checks

#: What each has to load, and what it has to bring along.
_NODE = "import * as all from '%s'; if (typeof all.%s !== 'function') throw new Error(Object.keys(all).join())"


def run(sdk):
    check = Checks()
    packed = _PACKED.get(sdk.name)
    # What needs no packing, or has no tool for it here, at least brings its licences along.
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        own = SDKS / sdk.folder / name
        check(own.read_bytes() == (SDKS.parent / name).read_bytes(), "the project's own licence", name)
    if packed:
        with tempfile.TemporaryDirectory() as place:
            packed(check, SDKS / sdk.folder, pathlib.Path(place))
    return check.ran, check.wrong


def _node(name, exported, files):
    def packed(check, folder, place):
        _did(check, "packed", ["npm", "pack", "--silent", "--pack-destination", place], folder)
        made = list(place.glob("*.tgz"))
        check(len(made) == 1, "one package", made)
        (place / "package.json").write_text('{"private": true, "type": "module"}')
        install = ["npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", *map(str, made)]
        _did(check, "installed", install, place)
        _did(check, "loaded", ["node", "--input-type=module", "-e", _NODE % (name, exported)], place)
        for file in ("README.md", "LICENSE-MIT", "LICENSE-APACHE", *files):
            check((place / "node_modules" / name / file).is_file(), "brings along", file)
        check(not (place / "node_modules" / name / "test").exists(), "no tests in it", name)

    return packed


def _python(check, folder, place):
    venv = place / "venv"
    wheels = place / "wheels"
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    # Packing leaves things beside the sources.
    sources = shutil.copytree(folder, place / "sources", ignore=shutil.ignore_patterns(".venv", "build", "*.egg-info"))
    _did(check, "packed", [folder / ".venv/bin/python", *pip, "wheel", "--no-deps", "-w", wheels, "."], sources)
    made = list(wheels.glob("*.whl"))
    check(len(made) == 1 and made[0].name.endswith("-py3-none-any.whl"), "one wheel for every platform", made)
    _did(check, "an empty place", [sys.executable, "-m", "venv", venv], place)
    _did(check, "installed", [venv / "bin/python", *pip, "install", "--no-index", *made], place)
    _did(check, "loaded", [venv / "bin/python", "-c", "import spigot; spigot.Spigot"], place)
    for file in ("spigot/py.typed", "licenses/LICENSE-MIT", "licenses/LICENSE-APACHE"):
        found = list(venv.glob(f"lib/*/site-packages/**/{file}"))
        check(len(found) == 1, "brings along", file, found)


def _did(check, what, command, folder):
    done = subprocess.run(
        list(map(str, command)), cwd=folder, text=True, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    check(done.returncode == 0, what, done.returncode, done.stdout)


_PACKED = {
    "node": _node("@spigot/server", "Spigot", ["src/index.d.ts"]),
    "electron": _node("@spigot/electron", "Spigot", ["src/index.d.ts", "src/preload.cjs", "solver/cachewalk.js"]),
    "python": _python,
}
