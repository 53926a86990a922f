"""Rust's package as its registry would get it, and a program that depends on it and on nothing of this workspace."""

import shutil
import subprocess
import tarfile

from .driver import SDKS

_ROOT = SDKS.parent
# Kept between runs: what the program needs is compiled once.
_PLACE = _ROOT / "target/sdk-package"

_PROGRAM = """
[package]
name = "start"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
axum = {{ version = "0.8", default-features = false, features = ["http1", "tokio"] }}
spigot-client = {{ path = "{package}" }}
tokio = {{ version = "1", features = ["macros", "net", "rt"] }}

[profile.dev]
debug = false
"""


def packed():
    """The package's folder, unpacked; and what cargo said while it was made."""
    said = _cargo(["package", "--package", "spigot-client", "--no-verify", "--allow-dirty"], _ROOT)
    (made,) = (_PLACE / "package").glob("spigot-client-*.crate")
    into = _PLACE / "unpacked"
    shutil.rmtree(into, ignore_errors=True)
    with tarfile.open(made) as archive:
        archive.extractall(into, filter="data")
    return into / made.name.removesuffix(".crate"), said


def program(main):
    """The command that builds and runs a program with this text, with the versions that the workspace has."""
    package, _ = packed()
    place = _PLACE / "start"
    (place / "src").mkdir(parents=True, exist_ok=True)
    (place / "Cargo.toml").write_text(_PROGRAM.format(package=package).lstrip())
    shutil.copy(_ROOT / "Cargo.lock", place)
    (place / "src/main.rs").write_text(main)
    _cargo(["build", "--quiet"], place)
    return [_PLACE / "debug/start"]


def _cargo(arguments, folder):
    done = subprocess.run(
        ["cargo", *arguments, "--target-dir", _PLACE], cwd=folder, text=True, timeout=1200,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
    return done.stdout
