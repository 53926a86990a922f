"""Packages as their registries would get them: packed, installed into an empty place, and loaded from there."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

from . import crate
from .driver import SDKS
from .middleware import Checks
from .sdks import JAR, KOTLIN_JAR

#: What each has to load, and what it has to bring along.
_NODE = "import * as all from '%s'; if (typeof all.%s !== 'function') throw new Error(Object.keys(all).join())"


def run(sdk):
    check = Checks()
    packed = _PACKED.get(sdk.name)
    # PHP's and Dart's are the folder as it is; what they say of themselves is metadata.py's.
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


def _maven(jar, package, modules):
    """The three jars that Maven Central asks for. Their signatures are the publisher's."""
    def packed(check, folder, _):
        made, sources, javadoc = (_names(folder / jar.replace(".jar", f"{what}.jar")) for what in ("", "-sources", "-javadoc"))
        for file in ("META-INF/LICENSE-MIT", "META-INF/LICENSE-APACHE", f"{package}/Spigot.class"):
            check(file in made, "the jar has", file)
        check(any(name.startswith("META-INF/maven/dev.spigot/") and name.endswith("/pom.xml") for name in made), "its pom")
        check(not any("Driver" in name for name in made), "and no tests", made)
        with zipfile.ZipFile(folder / jar) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF").decode()
        check(f"Automatic-Module-Name: {modules}" in manifest, "its name among modules", manifest)
        (root,) = folder.glob("src/main/*")
        written = {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}
        check(written and written <= sources, "all sources", written - sources)
        # Javadoc has a folder for a module around it.
        page = any(name.endswith(f"{package}/Spigot.html") for name in javadoc)
        check(page and "index.html" in javadoc, "documentation", sorted(javadoc)[:30])

    return packed


def _names(jar):
    with zipfile.ZipFile(jar) as archive:
        return set(archive.namelist())


def _rust(check, *_):
    folder, said = crate.packed()
    # Cargo warns of what crates.io asks for and finds missing; that the driver stays here is as it should be.
    warnings = [line for line in said.splitlines() if line.startswith("warning") and "`sdk-driver`" not in line]
    check(not warnings, "packed without a warning", said)
    for file in ("README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/lib.rs"):
        check((folder / file).is_file(), "brings along", file)
    check(not (folder / "examples").exists(), "no tests in it")
    check("workspace" not in (folder / "Cargo.toml").read_text(), "it says all of itself")


def _go(check, folder, place):
    """As a module of somebody else's, who asks nobody for it."""
    alone = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOWORK": "off"}
    _did(check, "nothing is required that is not said", ["go", "mod", "tidy", "-diff"], folder, **alone)
    module = "spigot.dev/go/spigot"
    (place / "go.mod").write_text(f"module shop\n\ngo 1.22\n\nrequire {module} v0.1.0\n\nreplace {module} => {folder}\n")
    (place / "main.go").write_text(_GO % module)
    _did(check, "required, built and run", ["go", "run", "."], place, **alone)


_GO = """package main

import "%s"

func main() {
	if _, err := spigot.New("http://127.0.0.1:8082", "secret"); err != nil {
		panic(err)
	}
}
"""


def _did(check, what, command, folder, **environment):
    done = subprocess.run(
        list(map(str, command)), cwd=folder, text=True, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
    )
    check(done.returncode == 0, what, done.returncode, done.stdout)


_PACKED = {
    "node": _node("@spigot/server", "Spigot", ["src/index.d.ts"]),
    "electron": _node("@spigot/electron", "Spigot", ["src/index.d.ts", "src/preload.cjs", "solver/cachewalk.js"]),
    "python": _python,
    "java": _maven(JAR, "dev/spigot", "dev.spigot.server"),
    "kotlin": _maven(KOTLIN_JAR, "dev/spigot/client", "dev.spigot.client"),
    "rust": _rust,
    "go": _go,
}
