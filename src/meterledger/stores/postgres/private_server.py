"""A private PostgreSQL in the data folder: shared by running commands, stopped by the last.

Lives here      starting, joining and leaving the server; its roles' passwords; refusals.
Lives elsewhere PostgreSQL's parent process (``keeper``), its programs (``binaries``), making a new
                database folder (``initialize``).
Read first      docs/decisions/0008-private-postgres-and-roles.md.

Two locks, both given up by the kernel when a process dies, however it dies:

``turn.lock``   held (exclusive) while one process starts, joins or leaves
``users.lock``  held (shared) by every user of the server as long as it uses it; whoever gets it
                exclusively is alone, and stops the server
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meterledger.stores.postgres.binaries import (
    ServerAccount,
    ServerUnavailable,
    find_programs,
    reachable_programs,
    server_account,
)
from meterledger.stores.postgres.initialize import (
    APPLICATION,
    DATABASE,
    OWNER,
    SUPERUSER,
    initialize,
)

PORT = 5432
SOCKET_PATH_MAX = 100  # the kernel's limit is 107 bytes, and PostgreSQL adds a lock's suffix
START_SECONDS = 120  # recovering after a crash may replay a gigabyte of log
STOP_SECONDS = 120


class PrivateServer:
    """One use of the private server of a folder. Make it with ``private_server``."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        """``durable`` counts when the database folder is made; afterwards it stays as it is."""
        self.folder = folder
        self.durable = durable
        self.data = folder / "data"
        self.log = folder / "server.log"
        self._lease = -1
        self._log_start = 0
        self._passwords: dict[str, str] = {}

    # ------------------------------------------------------------------------------- joining

    def join(self) -> None:
        """Become a user of the server, starting it if nobody has.

        :raises ServerUnavailable: saying why it cannot be
        """
        _make_folder(self.folder)
        with self._turn():
            self._lease = _open_lock(self.folder / "users.lock")
            fcntl.flock(self._lease, fcntl.LOCK_SH)  # waits while a keeper stops the server
            try:
                self._ensure_running()
                self._passwords = self._read_passwords()
            except BaseException:
                self._let_go()
                raise

    def ensure_running(self) -> None:
        """Start the server again if it was killed while we use it."""
        with self._turn():
            self._ensure_running()

    def leave(self) -> None:
        """Stop using the server. The last user stops it, and waits until it has stopped."""
        with self._turn():
            lease = self._lease
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
            except BlockingIOError:
                # Either others use it (a shared lock is free at once), or the keeper found us
                # gone while we asked, and is stopping it: then wait for its end.
                fcntl.flock(lease, fcntl.LOCK_SH)
            finally:
                self._let_go()

    def _let_go(self) -> None:
        os.close(self._lease)
        self._lease = -1

    @contextmanager
    def _turn(self) -> Iterator[None]:
        handle = _open_lock(self.folder / "turn.lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    # --------------------------------------------------------------------------- connecting

    @property
    def socket_folder(self) -> Path:
        """Where the socket lies: in the folder, or in a short one when the path is too long."""
        near = self.folder / "socket"
        if len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_MAX:
            return near
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"meterledger-{name}"

    def connection(self, role: str = APPLICATION) -> dict[str, str]:
        """Connection parameters for one of the server's three roles."""
        return {
            "host": str(self.socket_folder),
            "port": str(PORT),
            "dbname": DATABASE if role != SUPERUSER else "postgres",
            "user": role,
            "password": self._passwords[role],
        }

    def _read_passwords(self) -> dict[str, str]:
        path = self.folder / "passwords.json"
        try:
            passwords: dict[str, str] = json.loads(path.read_text(encoding="ascii"))
        except PermissionError:
            raise ServerUnavailable(
                f"The data folder belongs to another account than {_own_name()}",
                where=str(self.folder),
                do="Run as that account, or choose another folder with METERLEDGER_DATA",
            ) from None
        return passwords

    # ------------------------------------------------------------------- starting and stopping

    def server_process(self) -> int | None:
        """The server's process id, or None when none serves this folder.

        A process id left in ``postmaster.pid`` may be a zombie's or somebody else's by now, so
        the process itself is looked at.
        """
        try:
            process = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return process if os.fsencode(self.data) in command and _lives(process) else None

    def _ensure_running(self) -> None:
        running = self.server_process()
        kept = self._is_kept()
        if running is not None and kept:
            self._wait_until_ready()
            return
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._launch(running)
            if self._wait_until_ready(may_fail=True):
                return
            words = self._last_words()
            if "shared memory" not in words or time.monotonic() > deadline:
                self._refuse(words)
            time.sleep(0.1)  # processes of a killed server are still ending
            running = self.server_process()

    def _is_kept(self) -> bool:
        """Whether a keeper lives: it holds its lock as long as it does."""
        handle = _open_lock(self.folder / "keeper.lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        finally:
            os.close(handle)

    def _launch(self, running: int | None) -> None:
        account = server_account(self.data)
        self._refuse_closed_folders(account)
        programs = reachable_programs(find_programs(self.data), account, self.folder)
        if not (self.data / "PG_VERSION").exists():
            initialize(self.folder, self.data, programs, account, durable=self.durable)
        socket_folder = self._make_socket_folder(account)
        if running is None:
            # Left by a server that died. PostgreSQL still refuses to start if one of its
            # processes is attached to the shared memory of this data folder.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        request = {
            "keeper_lock": str(self.folder / "keeper.lock"),
            "users_lock": str(self.folder / "users.lock"),
            "log": str(self.log),
            "adopt": running,
            "command": [
                str(programs.postgres),
                *("-D", str(self.data)),
                *("-k", str(socket_folder)),
                *("-p", str(PORT)),
            ],
            "environment": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            "run_as": account.run_as,
        }
        subprocess.run(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py"))],
            input=json.dumps(request).encode(),
            stdout=subprocess.DEVNULL,
            check=True,
            cwd="/",
        )

    def _wait_until_ready(self, *, may_fail: bool = False) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                lines = (self.data / "postmaster.pid").read_text().split("\n")
            except FileNotFoundError:
                lines = []
            if len(lines) > 7 and lines[7].strip() == "ready":
                return True
            if not self._is_kept() and self.server_process() is None:
                break
            time.sleep(0.01)
        if not may_fail:
            self._refuse(self._last_words())
        return False

    def _last_words(self) -> str:
        """What the server said since it was last started."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", errors="replace")

    def _refuse(self, words: str) -> None:
        fatal = [line for line in words.splitlines() if "FATAL" in line or "PANIC" in line]
        said = (fatal or words.splitlines() or ["it said nothing"])[-1].partition("  ")[2]
        raise ServerUnavailable(
            "The private PostgreSQL server does not start",
            where=str(self.folder),
            why=f"Its last words: {said or words[-200:]}",
            do=f"Read {self.log.name} in that folder; free disk space if it is full",
        )

    def _stop(self) -> None:
        process = self.server_process()
        if process is None:
            return
        os.kill(process, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while _lives(process) and time.monotonic() < deadline:
            time.sleep(0.005)

    # ------------------------------------------------------------------------------- folders

    def _refuse_closed_folders(self, account: ServerAccount) -> None:
        closed = account.closed_folder(self.folder)
        if closed is not None:
            raise ServerUnavailable(
                f"The account {account.name}, which runs PostgreSQL for root, cannot pass {closed}",
                where=str(self.folder),
                why="We change the rights of no folder that is not ours",
                do="Choose a data folder elsewhere with METERLEDGER_DATA, like "
                "/var/lib/meterledger, or run as an ordinary user",
            )

    def _make_socket_folder(self, account: ServerAccount) -> Path:
        folder = self.socket_folder
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        owners = {os.geteuid(), account.entry.pw_uid if account.entry else os.geteuid()}
        if not stat.S_ISDIR(state.st_mode) or state.st_uid not in owners:
            raise ServerUnavailable(
                f"{folder}, where the server's socket belongs, is somebody else's",
                where=str(self.folder),
                do="Remove it, or choose a data folder with a shorter path",
            )
        account.give(folder)
        return folder


@contextmanager
def private_server(folder: Path, *, durable: bool = True) -> Iterator[PrivateServer]:
    """Use the private server of a folder; it starts if it must and stops if it may.

    ``durable`` false makes a new database folder without fsync, for tests: a crash of the
    machine may lose it.

    :raises ServerUnavailable: saying what is missing or closed, and what to do
    """
    server = PrivateServer(folder.absolute(), durable=durable)
    server.join()
    try:
        yield server
    finally:
        server.leave()


def _lives(process: int) -> bool:
    """Whether a process runs. A zombie, whose parent has not asked for its end, does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _make_folder(folder: Path) -> None:
    try:
        if not folder.exists():
            for parent in reversed([folder, *folder.parents]):
                if not parent.exists():
                    parent.mkdir()
                    # Ours, so we may say who passes: everybody may pass, nobody else may look.
                    parent.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError
    except (PermissionError, NotADirectoryError, FileExistsError):
        raise ServerUnavailable(
            f"The account {_own_name()} cannot write there",
            where=str(folder),
            do="Choose another data folder with METERLEDGER_DATA",
        ) from None
    except OSError as problem:
        raise ServerUnavailable(
            f"The data folder cannot be made: {problem.strerror}",
            where=str(folder),
            do="Choose another data folder with METERLEDGER_DATA",
        ) from None


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise ServerUnavailable(
            f"{path.name} cannot be opened by {_own_name()}: {problem.strerror}",
            where=str(path.parent),
            do="Run as the account that made the folder, or choose another one with "
            "METERLEDGER_DATA",
        ) from None


def _own_name() -> str:
    return ServerAccount(None).name


__all__ = ["APPLICATION", "DATABASE", "OWNER", "SUPERUSER", "PrivateServer", "private_server"]
