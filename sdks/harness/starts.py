"""The start that each README shows, as it stands there: put into the least program that has what it names, built, and run
against a Spigot with a secret for tests, which passes."""

import os
import shutil
import subprocess
import tempfile

from . import crate
from .driver import SDKS
from .middleware import Checks
from .readme import start_of
from .sdks import JAR, PYTHON
from .server import Spigot

PASSES = "0x0000000000000000000000000000000000000001"
SHOWN = "http://127.0.0.1:8082"

# Around the README's lines: what an application has by then, and a word at the end that says how far it came.
PROGRAMS = {
    "python": ("start.py", """
import os
form, application = {{"spigot-response": "token"}}, lambda environ, start_response: []
{start}
assert callable(application)
print("it starts")
"""),
    "node": ("start.mjs", """
const taken = []
const app = {{ use: (one) => taken.push(one), register: (one) => taken.push(one) }}
const request = {{ body: {{ 'spigot-response': 'token' }} }}
{start}
if (success && taken.every((one) => typeof one === 'function')) console.log('it starts')
"""),
    "go": ("main.go", """
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"spigot.dev/go/spigot"
)

type form struct{{}}

func (form) FormValue(string) string {{ return "token" }}

type server struct{{ StatusForbidden int }}

func (server) Error(_ http.ResponseWriter, text string, _ int) {{ panic(text) }}

func (server) ListenAndServe(_ string, _ http.Handler) {{ fmt.Println("it starts") }}

func start(ctx context.Context, application http.Handler, w http.ResponseWriter, r form, http server) {{
	{start}
}}

func main() {{ start(context.Background(), http.NotFoundHandler(), nil, form{{}}, server{{}}) }}
"""),
    "php": ("start.php", """
<?php
require 'Slim/Psr7/autoload.php';
require '{folder}/test/psr15.php';
require '{folder}/test/prepared.php';
$_POST["spigot-response"] = "token";
$_SERVER["REMOTE_ADDR"] = "192.0.2.1";
$responseFactory = new Slim\\Psr7\\Factory\\ResponseFactory();
$app = new class {{ public function add(Psr\\Http\\Server\\MiddlewareInterface $one): void {{ echo "it starts"; }} }};
{start}
"""),
    "java": ("Start.java", """
import dev.spigot.*;
import dev.spigot.servlet.SpigotFilter;
import jakarta.servlet.Filter;

class Start {{
    static class Asked {{ String getParameter(String name) {{ return "token"; }} }}
    static class Answer {{ void sendError(int status) {{ System.exit(status); }} }}
    static class Context {{ void addFilter(String name, Filter filter) {{ System.out.println("it starts"); }} }}

    public static void main(String[] arguments) throws Exception {{
        Asked request = new Asked();
        Answer response = new Answer();
        Context context = new Context();
        {start}
    }}
}}
"""),
    "rust": ("main.rs", """
use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{{StatusCode, request::Parts}};
use axum::response::{{IntoResponse, Response}};
use spigot_client::{{Expected, Spigot, SpigotLayer}};

struct Form {{
    token: String,
}}

async fn start(form: Form, router: Router) -> Result<Response, Box<dyn std::error::Error>> {{
    {start}
    drop(app.into_make_service_with_connect_info::<SocketAddr>());
    println!("it starts");
    Ok(StatusCode::OK.into_response())
}}

#[tokio::main(flavor = "current_thread")]
async fn main() {{
    let answer = start(Form {{ token: "token".to_owned() }}, Router::new()).await;
    assert_eq!(answer.expect("it starts").status(), StatusCode::OK);
}}
"""),
}


def run(sdk):
    check = Checks()
    name, program = PROGRAMS[sdk.name]
    folder = SDKS / sdk.folder
    start = start_of(sdk)
    check(SHOWN in start, "it says where the service is", start)
    if sdk.name == "rust":
        _is_documented(check, (folder / "README.md").read_text())
    spigot = Spigot()
    place = tempfile.mkdtemp(prefix="start-", dir=folder)
    try:
        path = os.path.join(place, name)
        text = program.format(start=start.replace(SHOWN, spigot.base), folder=folder).lstrip()
        with open(path, "w") as file:
            file.write(text)
        ran = subprocess.run(
            _command(sdk.name, path, text), cwd=folder, env={**os.environ, "SPIGOT_SECRET": PASSES}, text=True, timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        check(ran.returncode == 0 and "it starts" in ran.stdout, "the README's start", ran.returncode, ran.stdout)
    finally:
        spigot.close()
        shutil.rmtree(place, ignore_errors=True)
    return check.ran, check.wrong


def _is_documented(check, readme):
    """The engine in the application's process is another crate's, whose documentation is compiled with it."""
    documented = (SDKS.parent / "crates/embedded/src/lib.rs").read_text()
    for line in readme.split("```rust,ignore\n")[2].split("```")[0].splitlines():
        check(f"//! {line.split(' // ')[0]}\n" in documented, "a line of the start in process", line)


def _command(name, path, text):
    if name == "rust":
        return crate.program(text)
    return {
        "python": [PYTHON, path], "node": ["node", path], "go": ["go", "run", path], "php": ["php", path],
        "java": ["java", "-cp", "target/lib/*:" + JAR, path],
    }[name]
