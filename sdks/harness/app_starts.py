"""The start that the README of a client for apps shows, as it stands there: put into the least program that has what it
names, built, and run against a Spigot and an application behind it."""

import json
import pathlib
import subprocess
import tempfile

from .driver import SDKS
from .readme import start_of
from .sdks import KOTLIN_JAR

# A phone's puzzle on a busy computer, twice, and a compiler before.
SOON_SECONDS = 600

# What an app's own platform would give it is a stand-in.
_PROGRAMS = {
    "electron": ("start.mjs", """
{imports}
const net = {{ fetch }}, handlers = {{}}, service = '{service}', siteKey = '{key}'
const ipcMain = {{ handle: (name, asked) => {{ handlers[name] = asked }} }}
class BrowserWindow {{ constructor(asked) {{ this.asked = asked.webPreferences }} }}
{start}
const [asked] = Object.values(handlers)
const {{ token }} = await asked({{ senderFrame: {{ origin: 'app://shop' }} }}, 'sign-up')
const sent = await spigot.send('{application}', {{ headers: {{ 'user-agent': 'shop-app/1' }} }})
console.log(JSON.stringify({{ token, status: sent.status }}))
"""),
    "kotlin": ("src/Start.kt", """
import dev.spigot.client.*

const val SITE_KEY = "{key}"

fun main() {{
    val form = mutableMapOf<String, String>()
    {start}
    check(sent.cookie != null) {{ sent.answer.text() }}
    println("{{\\"token\\": \\"${{form["spigot-response"]}}\\", \\"status\\": ${{sent.answer.status}}}}")
}}
"""),
    "dart": ("start.dart", """
import 'dart:convert';
import 'package:spigot_client/spigot_client.dart';

const siteKey = '{key}';

Future<void> main() async {{
  final form = <String, String>{{}};
  {start}
  if (cookie == null) throw StateError(answer.text);
  print(jsonEncode({{'token': form['spigot-response'], 'status': answer.status}}));
}}
"""),
}

# An app that depends on the jar as Maven hands it out.
_APP = """
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId><artifactId>app</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>dev.spigot</groupId><artifactId>spigot-client</artifactId><version>0</version>
      <scope>system</scope><systemPath>{jar}</systemPath>
    </dependency>
    <dependency>
      <groupId>org.jetbrains.kotlin</groupId><artifactId>kotlin-stdlib</artifactId><version>2.1.21</version>
    </dependency>
  </dependencies>
  <build>
    <sourceDirectory>src</sourceDirectory>
    <plugins>
      <plugin>
        <groupId>org.jetbrains.kotlin</groupId><artifactId>kotlin-maven-plugin</artifactId><version>2.1.21</version>
        <configuration><jvmTarget>11</jvmTarget></configuration>
      </plugin>
    </plugins>
  </build>
</project>
"""


def run(client, service, key, application):
    """What the program says, with these addresses in place of the README's."""
    start = start_of(client)
    for shown, own in (("https://challenge.example", service), ("https://shop.example/api/orders", application)):
        start = start.replace(shown, own)
    # Modules are imported at the head, whatever the start needs beside them.
    imports = "\n".join(line for line in start.splitlines() if line.startswith("import "))
    start = "\n".join(line for line in start.splitlines() if not line.startswith("import "))
    name, program = _PROGRAMS[client.name]
    told = output = ""
    folder = SDKS / client.folder
    with tempfile.TemporaryDirectory(prefix="start-", dir=folder) as place:
        file = pathlib.Path(place) / name
        file.parent.mkdir(exist_ok=True)
        named = {"imports": imports, "start": start, "service": service, "key": key, "application": application}
        file.write_text(program.format(**named).lstrip())
        for command in _commands(client, file, pathlib.Path(place)):
            # What a compiler said is told where nothing comes of it: the program is not there, then.
            told, output = output, _output(command, folder)
    try:
        return json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        return {"output": told + output}


def _commands(client, file, place):
    if client.name != "kotlin":
        return [[client.command[0], file]]
    jar = SDKS / client.folder / KOTLIN_JAR
    (place / "pom.xml").write_text(_APP.format(jar=jar).lstrip())
    classes = f"{place}/target/classes:{jar}:target/lib/*"
    return [
        ["mvn", "-q", "-B", "-ntp", "-f", place / "pom.xml", "kotlin:compile"],
        ["java", "-cp", classes, "StartKt"],
    ]


def _output(command, folder):
    return subprocess.run(
        list(map(str, command)), cwd=folder, text=True, timeout=SOON_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ).stdout
