"""The two commands set themselves up: what their small scripts do with a machine's settings."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tidy.house import ROOT, project_files

SCRIPTS = [
    path
    for path in project_files()
    if path.suffix in {"", ".sh"} and path.read_bytes().startswith(b"#!/bin/sh")
]


def translate(configuration: str, **environment: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "pip_settings.py")],
        input=configuration,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    lines = [line.removeprefix("export ") for line in done.stdout.splitlines()]
    return dict(line.split("=", 1) for line in lines)


def test_a_machine_with_no_settings_needs_no_variables() -> None:
    assert translate("") == {}


def test_an_index_and_certificates_are_handed_on(tmp_path: Path) -> None:
    index, more = "https:" + "//packages.example/simple", tmp_path / "simple"
    more.mkdir()
    assert translate(
        f"global.index-url='{index}'\n"
        f"global.extra-index-url='file://{more} file://{more}/absent'\n"
        "global.cert='/etc/ssl/own.pem'\n"
        "global.timeout='60'\n"
    ) == {
        "UV_DEFAULT_INDEX": index,
        "UV_INDEX": f"file://{more}",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
    }


def test_the_environment_wins_over_a_file_as_in_pip() -> None:
    settings = ":env:.cert='/env.pem'\nglobal.cert='/file.pem'\ninstall.cert='/install.pem'\n"
    assert translate(settings) == {"SSL_CERT_FILE": "/env.pem"}


def test_what_is_set_for_uv_already_stays() -> None:
    assert translate("global.cert='/file.pem'\n", SSL_CERT_FILE="/mine.pem") == {}


def test_a_value_cannot_become_a_command() -> None:
    (value,) = translate("global.cert='/a b; touch /tmp/x'\n").values()
    assert value == "'/a b; touch /tmp/x'"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_plain_shell_and_can_be_run(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK), f"{script.name} cannot be run: chmod +x"


def test_both_commands_are_there() -> None:
    assert {"demo", "test"} <= {path.name for path in SCRIPTS}


@pytest.mark.parametrize("command", ["meterledger", "meterledger-verify"])
def test_a_command_that_is_only_imported_does_not_run(command: str) -> None:
    """A process that sets paper starts by importing the command that asked for it."""
    made = Path(sys.prefix) / "bin" / command
    assert "main" in runpy.run_path(str(made), run_name="__mp_main__")


def test_an_unknown_kind_is_refused_with_a_sentence() -> None:
    done = subprocess.run(
        ["sh", str(ROOT / "tools" / "bootstrap.sh"), "moon"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "bootstrap: 'moon' is neither runtime nor dev.\n"
