"""Killing the server or a run at any instant, and running again, bills every account once."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from tests.stores.conftest import open_folder
from tests.stores.paper_town import ANALYST, account_id, bill_of, payment_of, start_of

from meterledger.stores.postgres import PostgresStore, ServerLost, open_store, verify_invariants
from meterledger.stores.postgres.opening import Database, open_database
from meterledger.stores.postgres.private_server import PrivateServer, private_server

pytestmark = pytest.mark.postgres

ACCOUNTS = range(1, 121)
RUN = """
import sys
from pathlib import Path
from meterledger.stores.postgres import open_store
from tests.stores.paper_town import bill_of
from tests.stores.test_kills import ACCOUNTS
with open_store(Path(sys.argv[1])) as store:
    for month in range(3):
        for first in range(0, len(ACCOUNTS), 20):
            batch = ACCOUNTS[first:first + 20]
            print(len(store.record_bills([bill_of(n, month) for n in batch])), flush=True)
"""


def everybody_is_billed_once(store: PostgresStore, months: int) -> None:
    with store.viewing(ANALYST, ["all"]):
        for number in ACCOUNTS:
            assert len(store.bills_of_account(account_id(number))) == months
        broken = {name: said for name, _, said in verify_invariants(store) if said}
    assert broken == {}
    cents = len(ACCOUNTS) * months * 16519
    assert store.trial_balance() == {"142": cents, "440": -cents}


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A data folder with a durable private server and accounts to bill, at rest."""
    folder = open_folder()
    with open_store(folder) as store:
        store.start_services([start_of(number) for number in ACCOUNTS])
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def town(prepared: Path, folder: Path) -> Path:
    """A copy of the prepared data folder: a server that is at rest may be copied."""
    subprocess.run(["cp", "-a", prepared / "postgres", folder / "postgres"], check=True)
    return folder


def bill_all(store: PostgresStore, months: int) -> None:
    for month in range(months):
        store.record_bills([bill_of(number, month) for number in ACCOUNTS])


def sentence_of_loss(step: Callable[[], object]) -> str | None:
    """What a step says when its server is lost; None when it was done before."""
    try:
        step()
    except ServerLost as lost:
        return lost.sentence
    return None


class TestAKilledServer:
    @pytest.mark.parametrize("delay_ms", [5, 40, 90, 160])
    def test_loses_nothing_and_doubles_nothing(self, town: Path, delay_ms: int) -> None:
        with private_server(town / "postgres") as server, open_store(town) as store:
            process = server.server_process() or 0
            sessions: list[int] = []

            def kill() -> None:
                time.sleep(delay_ms / 1000)
                sessions.extend(living_children_of(process))
                os.kill(process, signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            said = [sentence_of_loss(lambda: bill_all(store, 3))]
            killer.join()
            wait_for_the_end_of(sessions)

            bill_all(store, 3)  # the same store: it starts the server again by itself

            for sentence in filter(None, said):
                assert "went away in the middle of a step" in sentence
                assert "Run the command again" in sentence

            everybody_is_billed_once(store, 3)

    def test_is_started_again_by_a_store_that_was_idle(self, town: Path) -> None:
        with private_server(town / "postgres") as server, open_store(town) as store:
            assert store.lake_sequence() == 0
            os.kill(server.server_process() or 0, signal.SIGKILL)
            time.sleep(0.2)
            assert store.lake_sequence() == 0

    def test_ends_a_step_in_the_middle_with_a_sentence(
        self, server: PrivateServer, database: Database
    ) -> None:
        with (
            open_database(database) as store,
            psycopg.connect(**(database.owner or {})) as owner,
            ThreadPoolExecutor(1) as pool,
        ):
            store.start_service(start_of(1))
            owner.execute("LOCK TABLE payment IN ACCESS EXCLUSIVE MODE")  # the step waits here
            said = pool.submit(sentence_of_loss, lambda: store.record_payment(*payment_of(1)))
            end_waiting(server)
            assert "terminating connection" in (said.result() or "")
            owner.rollback()
            assert store.trial_balance() == {}


def living_children_of(process: int) -> list[int]:
    """The server's own processes, its sessions among them."""
    stats = {int(one.parent.name): words_of(one) for one in Path("/proc").glob("[0-9]*/stat")}
    return [pid for pid, words in stats.items() if words[1:2] == [str(process)]]


def words_of(stat: Path) -> list[str]:
    """State, parent and so on of a process; nothing if it has ended meanwhile."""
    with contextlib.suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()
    return []


def wait_for_the_end_of(sessions: list[int]) -> None:
    """A session outlives its server until it waits for the next question."""
    deadline = time.monotonic() + 30
    while any(words_of(Path(f"/proc/{one}/stat"))[:1] not in ([], ["Z"]) for one in sessions):
        assert time.monotonic() < deadline, "a session of a killed server goes on"
        time.sleep(0.01)


def end_waiting(server: PrivateServer) -> None:
    """End the session that waits for a lock, as an administrator would."""
    deadline = time.monotonic() + 30
    with psycopg.connect(**server.connection("meterledger_server"), autocommit=True) as hand:
        while time.monotonic() < deadline:
            ended = hand.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO payment%'"
            ).fetchall()
            if ended:
                return
            time.sleep(0.01)
    pytest.fail("nobody waited for the lock")


class TestAKilledRun:
    @pytest.mark.parametrize("batches", [1, 4, 9])
    def test_goes_on_where_it_was_even_with_another_beside_it(
        self, town: Path, batches: int
    ) -> None:
        root = Path(__file__).parents[2]

        def run() -> subprocess.Popen[str]:
            return subprocess.Popen(
                [sys.executable, "-c", RUN, str(town)],
                stdout=subprocess.PIPE,
                text=True,
                cwd=root,
            )

        with run() as killed, run() as other:
            assert killed.stdout is not None
            for _ in range(batches):
                killed.stdout.readline()
            killed.kill()
            killed.communicate()
            other.communicate()
            assert other.returncode == 0

        with open_store(town) as store:
            everybody_is_billed_once(store, 3)
