"""What each package says of itself, as its registry asks for it. Where a registry's own tool is at hand, published.py has it
look at what is packed."""

import json
import re
import tomllib
import xml.etree.ElementTree as ElementTree

from .driver import SDKS
from .middleware import Checks

#: The project's own addresses. Nothing answers there yet: whoever publishes writes theirs, here and in all packages.
HOME, REPOSITORY = "https://spigot.dev", "https://spigot.dev/source"
AUTHORS = "The Spigot authors"
LICENCES = ["MIT", "Apache-2.0"]
_MAVEN = {"m": "http://maven.apache.org/POM/4.0.0"}
# What pub.dev asks for, and others cut off what is longer.
DESCRIPTION_LETTERS = range(40, 181)


def run():
    """Every package's; needs no tools but Python's."""
    check = Checks()
    version = _toml("../Cargo.toml")["workspace"]["package"]["version"]
    for name, look in _PACKAGES.items():
        own = SDKS / name
        check((own / "README.md").read_text().startswith("# Spigot for "), f"{name}: a README")
        # pkg.go.dev, crates.io and the others know these names.
        for file in ("LICENSE-MIT", "LICENSE-APACHE"):
            check((own / file).read_bytes() == (SDKS.parent / file).read_bytes(), f"{name}: the project's own licence", file)
        look(lambda holds, what, *seen: check(holds, f"{name}: {what}", *seen), own, version)
    return check.ran, check.wrong


def _described(check, description):
    check(len(description) in DESCRIPTION_LETTERS, "a description", description)


def _npm(check, own, version):
    told = json.loads((own / "package.json").read_text())
    _described(check, told["description"])
    check(told["name"].startswith("@spigot/") and told["version"] == version, "name and version", told["name"], told["version"])
    check(told["license"] == " OR ".join(LICENCES), "licence", told["license"])
    check((told["author"], told["homepage"]) == (AUTHORS, HOME), "author and home", told["author"], told["homepage"])
    repository = {"type": "git", "url": f"git+{REPOSITORY}.git", "directory": f"sdks/{own.name}"}
    check(told["repository"] == repository, "repository", told["repository"])
    # Names with a scope are private otherwise.
    check(told["publishConfig"] == {"access": "public"}, "for everybody", told["publishConfig"])
    check(len(told["keywords"]) > 3 and re.fullmatch(r">=\d+(\.\d+)?", told["engines"]["node"]), "keywords and engine", told)
    named = [told["types"]]
    for one in told["exports"].values():
        named += one.values() if isinstance(one, dict) else [one]
    for path in named:
        check((own / path).is_file() and path.split("/")[1] in told["files"], "what is named is there, and goes along", path)
    # Tools read conditions in their order.
    check(list(told["exports"]["."]) == ["types", "default"], "types come first", told["exports"])


def _python(check, _, version):
    told = _toml("python/pyproject.toml")["project"]
    _described(check, told["description"])
    check((told["name"], told["version"]) == ("spigot-server", version), "name and version", told)
    check(told["license"] == " OR ".join(LICENCES), "licence", told["license"])
    check(told["urls"] == {"Homepage": HOME, "Repository": REPOSITORY}, "addresses", told["urls"])
    check(told["authors"] == [{"name": AUTHORS}] and len(told["keywords"]) > 3, "authors and keywords", told)
    # A licence by expression takes the place of those (PEP 639), and PyPI refuses both.
    wrong = [one for one in told["classifiers"] if one.startswith("License ::")]
    check("Typing :: Typed" in told["classifiers"] and not wrong, "classifiers", told["classifiers"])


def _php(check, own, _):
    told = json.loads((own / "composer.json").read_text())
    _described(check, told["description"])
    check(re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", told["name"]), "name", told["name"])
    # Its versions are the repository's tags.
    check("version" not in told and told["license"] == LICENCES, "licences, and no version", told)
    check((told["homepage"], told["support"]) == (HOME, {"source": REPOSITORY}), "addresses", told)
    check(told["authors"][0]["name"] == AUTHORS and len(told["keywords"]) > 3, "authors and keywords", told)
    check(re.fullmatch(r">=\d\.\d", told["require"]["php"]), "which PHP", told["require"])
    ((prefix, folder),) = told["autoload"]["psr-4"].items()
    for file in (own / folder).rglob("*.php"):
        inner = file.relative_to(own / folder).with_suffix("").parts
        namespace = re.search(r"^namespace (.+);", file.read_text(), re.M).group(1)
        check(namespace == "\\".join([prefix.rstrip("\\"), *inner[:-1]]), "found by its name (PSR-4)", file, namespace)
        declared = re.search(r"^(?:final |abstract |readonly )*(?:class|interface|enum|trait) (\w+)", file.read_text(), re.M)
        check(declared and declared.group(1) == inner[-1], "and named as its file", file)


def _maven(check, own, version):
    pom = ElementTree.parse(own / "pom.xml").getroot()
    text = lambda path: (pom.findtext(path, "", _MAVEN) or "").strip()
    _described(check, text("m:description"))
    check(text("m:groupId") == "dev.spigot" and text("m:version") == version, "group and version", text("m:version"))
    check(text("m:name").startswith("Spigot for ") and text("m:url") == HOME, "name and address", text("m:url"))
    licences = [one.text for one in pom.findall("m:licenses/m:license/m:name", _MAVEN)]
    check(licences == LICENCES, "licences", licences)
    urls = [one.text for one in pom.findall("m:licenses/m:license/m:url", _MAVEN)]
    check(len(urls) == 2 and all(url.startswith("https://") for url in urls), "and where they are", urls)
    check(text("m:developers/m:developer/m:name") == AUTHORS, "developers")
    scm = [text(f"m:scm/m:{name}") for name in ("connection", "developerConnection", "url")]
    check(scm == [f"scm:git:{REPOSITORY}.git"] * 2 + [REPOSITORY], "repository", scm)


def _rust(check, *_):
    told = _toml("rust/Cargo.toml")["package"]
    shared = _toml("../Cargo.toml")["workspace"]["package"]
    _described(check, told["description"])
    check(shared["license"] == " OR ".join(LICENCES) and told["license"] == {"workspace": True}, "licence", told["license"])
    check((told["homepage"], told["repository"]) == (HOME, REPOSITORY), "addresses", told)
    # crates.io takes five at most, of 20 letters.
    words = told["keywords"]
    check(0 < len(words) <= 5 and all(re.fullmatch(r"[a-z][a-z0-9_+-]{0,19}", word) for word in words), "keywords", words)
    check(0 < len(told["categories"]) <= 5 and told["readme"] == "README.md", "categories and README", told)


def _go(check, own, _):
    module, version = re.fullmatch(r"module (\S+)\n\ngo (\d\.\d+)\n", (own / "go.mod").read_text()).groups()
    readme = (own / "README.md").read_text()
    check(module == HOME.removeprefix("https://") + "/go/spigot", "module", module)
    check(f"`{module}`" in readme and f"Go {version}" in readme, "as its README says", module, version)
    # pkg.go.dev shows the package's comment.
    comments = [re.search(r"^// Package spigot ", file.read_text(), re.M) for file in own.glob("*.go")]
    check(any(comments), "a comment for the package")


def _dart(check, own, version):
    text = (own / "pubspec.yaml").read_text()
    told = dict(re.findall(r"^(\w+): (.+)$", text, re.M))
    _described(check, told["description"])
    check(re.fullmatch(r"[a-z][a-z0-9_]*", told["name"]) and told["version"] == version, "name and version", told)
    check((told["homepage"], told["repository"]) == (HOME, REPOSITORY), "addresses", told)
    topics = told["topics"].strip("[]").split(", ")
    check(0 < len(topics) <= 5 and all(re.fullmatch(r"[a-z][a-z0-9-]{1,31}", topic) for topic in topics), "topics", topics)
    check(re.search(r'^  sdk: "\^|^  sdk: ">=3\.\d+\.0 <4\.0\.0"$', text, re.M), "which Dart", text)
    check(f"\n## {version}\n" in "\n" + (own / "CHANGELOG.md").read_text(), "a changelog with this version")
    check((own / "LICENSE").is_file() and (own / f"lib/{told['name']}.dart").is_file(), "a licence, and a library of its name")


def _swift(check, own, _):
    text = (own / "Package.swift").read_text()
    check(re.match(r"// swift-tools-version:\d+\.\d+\n", text), "tools' version in its first line", text[:40])
    name = re.search(r'name: "(\w+)"', text).group(1)
    for folder in (f"Sources/{name}", f"Tests/{name}Tests"):
        check((own / folder).is_dir(), "a folder for each target", folder)


def _toml(path):
    return tomllib.loads((SDKS / path).read_text())


_PACKAGES = {
    "go": _go, "node": _npm, "python": _python, "php": _php, "rust": _rust, "java": _maven, "electron": _npm,
    "kotlin": _maven, "dart": _dart, "swift": _swift,
}
