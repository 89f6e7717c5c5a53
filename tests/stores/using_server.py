"""A command of its own that uses the private server: says so, then waits to be told to end.

Run by the tests: ``python using_server.py FOLDER``. Prints the server's process id, reads a line,
and leaves.
"""

from __future__ import annotations

import sys
from pathlib import Path

from meterledger.kernel.refusal import Refusal
from meterledger.stores.postgres.private_server import private_server


def main() -> None:
    """Use the server until a line comes."""
    try:
        with private_server(Path(sys.argv[1]), durable=False) as server:
            print(server.server_process(), flush=True)
            sys.stdin.readline()
    except Refusal as refusal:
        print(refusal.sentence, flush=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
