"""A process of its own that unpacks one Parquet file: from standard input to an Arrow stream.

Lives here      what must not happen in a process that does anything else: Parquet from outside
                is unpacked by a large library, which a damaged file can make abort, or fill the
                machine's memory with a few bytes. Here that ends this process only.
Lives elsewhere asking for it, and what the columns mean (``parquet_profile``).

It is run by its path and imports nothing of ours. Its one argument is a JSON object of limits:
``columns`` (names to take, as small letters with underscores), ``rows``, ``unpacked_bytes`` and
``memory_bytes``. It answers with exit status 0 and the stream, or with one of those below and one
line of words on standard error.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from typing import Any

UNSOUND = 3
"""The file is no Parquet, damaged, cut off, or does not fit the memory it may take."""
TOO_MANY_ROWS = 4
TOO_MUCH = 5
"""It says that it unpacks to more than it may; the words are the number of bytes."""


def main() -> int:
    """Unpack standard input."""
    limits = json.loads(sys.argv[1])
    most = limits["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import pyarrow as pa

    try:
        return _unpack(sys.stdin.buffer.read(), limits)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as problem:
        words = " ".join(str(problem).split())
        print(words[:160] or type(problem).__name__, file=sys.stderr)
        return UNSOUND


def _unpack(data: bytes, limits: dict[str, Any]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(pa.BufferReader(data))
    schema = parquet.schema_arrow
    taken = [name for name in schema.names if _word_of(name) in limits["columns"]]
    if parquet.metadata.num_rows > limits["rows"]:
        return TOO_MANY_ROWS
    unpacked = _said_to_unpack_to(parquet.metadata, set(taken))
    if unpacked > limits["unpacked_bytes"]:
        print(unpacked, file=sys.stderr)
        return TOO_MUCH
    # Without threads: what fails, fails in one place.
    table = parquet.read(columns=taken, use_threads=False)
    table = table.select([at for at, name in enumerate(table.schema.names) if name in taken])
    told = json.dumps(list(schema.names)[:100])
    table = table.replace_schema_metadata({"names": told})
    table.validate(full=True)
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)
    return 0


def _said_to_unpack_to(about: Any, taken: set[str]) -> int:
    unpacked = 0
    for group in range(about.num_row_groups):
        columns = about.row_group(group)
        for number in range(about.num_columns):
            chunk = columns.column(number)
            if chunk.path_in_schema.split(".")[0] in taken:
                unpacked += max(chunk.total_uncompressed_size, 0)
    return unpacked


def _word_of(name: str) -> str:
    return re.sub(r"\s+", "_", name.strip().lower())


if __name__ == "__main__":
    sys.exit(main())
