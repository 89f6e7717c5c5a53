"""The machine a figure was measured on, and the memory of all its processes while it was."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
