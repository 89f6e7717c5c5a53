"""The machine a figure was measured on: its memory beforehand, and that of a run's processes."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meterledger.entrypoints.progress import progress_bar

MEMORY = Path("/proc/meminfo")
FILLED_AT_ONCE = 8 << 20


def describe_machine() -> dict[str, str]:
    """Processor, cores, memory, Python: what a reader needs to compare figures."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": model,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory_gb": str(pages // 10**9),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


@contextmanager
def memory_in_use(folder: Path, *, title: str = "Filling memory") -> Iterator[int]:
    """Keep the machine's unused memory filled with a cached file while the body runs; its bytes.

    So it is on a server that has run for weeks, and so two sizes of a run can be compared. A
    virtual machine takes memory from its host page by page when it is first used, several times
    slower than memory that it has, and gives back what lies unused for seconds: a small run would
    live on what is there already, a large one wait for the host. The file has no blocks on the
    disk, and its pages are the first that the kernel takes for others.
    """
    unused = _unused_bytes()
    file = folder / "fills-memory"
    buffer = bytearray(FILLED_AT_ONCE)
    with file.open("w+b", buffering=0) as handle, progress_bar(title, total=unused) as advance:
        handle.truncate(unused)
        while read := handle.readinto(buffer):
            advance(read)
        yield unused
    file.unlink(missing_ok=True)


def _unused_bytes() -> int:
    """Memory that holds nothing at all; 0 where the system does not tell."""
    try:
        lines = MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    free = next((line.split()[1] for line in lines if line.startswith("MemFree:")), "0")
    return int(free) * 1024


class PeakMemory:
    """Highest sum of proportional memory of this process, its children and a server's processes."""

    def __init__(self, folder: Path) -> None:
        """``folder`` appears in the command line of the private server that belongs to this run."""
        self._folder = str(folder)
        self.peak_bytes = 0

    def sample(self) -> None:
        """Look once, and keep the highest sum seen."""
        total = sum(_proportional_bytes(pid) for pid in self._processes())
        self.peak_bytes = max(self.peak_bytes, total)

    def _processes(self) -> set[int]:
        parents: dict[int, int] = {}
        server: set[int] = set()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            pid = int(entry.name)
            parents[pid] = int(fields[1])
            if self._folder in command:
                server.add(pid)
        ours = {os.getpid()} | server
        grew = True
        while grew:
            more = {pid for pid, parent in parents.items() if parent in ours} - ours
            ours |= more
            grew = bool(more)
        return ours


@contextmanager
def peak_memory(folder: Path, *, every_seconds: float = 1.0) -> Iterator[PeakMemory]:
    """Sample memory in a thread while the body runs."""
    memory = PeakMemory(folder)
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(every_seconds):
            memory.sample()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        stop.set()
        watcher.join()
        memory.sample()


def _proportional_bytes(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
