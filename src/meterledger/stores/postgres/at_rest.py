"""A private server's database at rest, as before a night: for benches of what is done to it then.

Lives here      clearing up after a bulk load: tables swept and measured, nothing left to write.
Lives elsewhere what is loaded, and the run that is timed (``entrypoints/bench``). Nothing else uses
                this.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from meterledger.stores.postgres.initialize import DATABASE
from meterledger.stores.postgres.private_server import SUPERUSER, private_server

LOADED = """
SELECT n.nspname, c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname = 'public' AND pg_relation_size(c.oid) > 0
 ORDER BY 1, 2
"""
"""Tables that hold something. One that was swept while it was empty would be believed to stay so,
and be looked through whole."""


def put_to_rest(folder: Path) -> int:
    """Do at once what the server would do by and by after a load; how many tables it was done to.

    ``folder`` is that of the system. A city's customers were not recorded in the minute before a
    night: the server would sweep their tables and write their pages beside the run, the longer
    the more there are.
    """
    with private_server(folder / "postgres") as server:
        parameters = {**server.connection(SUPERUSER), "dbname": DATABASE}
        with psycopg.connect(make_conninfo(**parameters), autocommit=True) as connection:
            loaded = connection.execute(LOADED).fetchall()
            for names in loaded:
                connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(*names)))
            connection.execute("CHECKPOINT")
    return len(loaded)
