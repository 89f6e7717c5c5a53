"""``serve`` over PostgreSQL, as a person runs it: a link that opens, pages, and Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.doors.web_town import WebTown, build_web_town, shared_web_town

from meterledger.stores.postgres import open_store

pytestmark = pytest.mark.postgres

SECONDS_TO_STOP = 20  # far above what it takes, far below forever


@pytest.fixture(scope="module")
def data_folder() -> Iterator[Path]:
    """The town in a private server of its own, where an unprivileged server may reach it."""
    folder = Path(tempfile.mkdtemp(prefix="meterledger-web-"))
    folder.chmod(0o755)
    with open_store(folder, durable=False) as store:
        build_web_town(store=store)
    yield folder
    shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(data_folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, started, and the link it printed. Whatever a test leaves running is ended."""
    running = subprocess.Popen(
        [sys.executable, "-m", "meterledger.entrypoints.cli.main", "serve", "--port"]
        + [str(free_port())],
        env={**os.environ, "METERLEDGER_DATA": str(data_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal of its own, so that Ctrl-C reaches it and not us
    )
    assert running.stdout is not None
    said = running.stdout.readline()
    assert said.startswith("Meterledger is at http://127.0.0.1:"), running.communicate()
    yield running, said.split()[3]
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return bytes(answer.read())


def test_the_pages_of_postgres_are_those_of_memory_until_ctrl_c(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    running, link = served
    town: WebTown = shared_web_town()
    bill = town.bills(2)[1]

    assert b"What was billed is what was posted, to the cent." in get(link)
    assert b"September 4 to October 3, 2025" in get(f"{link}accounts/0000000026/")
    assert get(f"{link}bills/{bill.bill_id}/record.json") == bill.record
    page = get(f"{link}bills/{bill.bill_id}/").decode()
    assert "Grace Okafor" in page
    assert "Energy in summer (on-peak)" in page
    assert get(f"{link}bills/{bill.bill_id}.pdf").startswith(b"%PDF-1.7")
    assert b"--accent" in get(f"{link}static/web/base.css")

    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: every process of it hears it
    _, complaints = running.communicate(timeout=SECONDS_TO_STOP)
    assert (running.returncode, complaints) == (0, "")


def test_ctrl_c_before_the_first_page_stops_it_too(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    running, _ = served
    os.killpg(running.pid, signal.SIGINT)
    _, complaints = running.communicate(timeout=SECONDS_TO_STOP)
    assert (running.returncode, complaints) == (0, "")
