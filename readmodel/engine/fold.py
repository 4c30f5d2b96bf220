"""The SQL that keeps a table equal to its definition. It is the same text for Postgres and DuckDB.

A definition states facts, each with a key and an order. Its table holds, per key, the newest of them. "Newest" is
associative, commutative and idempotent, so the newest of a batch merged into the newest so far is the newest of all,
however the events were split, ordered or repeated: the fold needs no SQL of its own, and the fold law holds for every
definition that looks at one event at a time. docs/decisions/0001 tells how this was found.
"""

from readmodel.engine.projection import Erasure, Table
from readmodel.engine.relation import relations_of

ERASED = "erased"
NTH = "nth"
"""The column that ranks facts by newness; a fact's own column of that name would take its place unseen."""


def newest(table: Table, columns: tuple[str, ...], facts: str, erasure: Erasure | None = None) -> str:
    """The definition of a table: the newest of the facts that `facts`, a SELECT, states, erased ones left out.

    With an erasure, which only a table that has its column gets, the name `erased` must resolve to the values erased:
    a table in a fold, a query in a definition.
    """
    kept = f"SELECT * FROM (\n{facts}\n) AS stated"
    if erasure:
        kept += f"\nWHERE {erasure.column} NOT IN (SELECT {erasure.column} FROM {ERASED})"
    if table.groups:
        return _newest_by_group(table, columns, kept)
    return f"""SELECT {", ".join(columns)}
FROM (SELECT *, {_nth(table.key, table.newest_by)} FROM ({kept}) AS facts) AS ranked
WHERE {NTH} = 1"""


def merge(table: Table, columns: tuple[str, ...], facts: str, erasure: Erasure | None = None) -> str:
    """The fold of a table: merge a batch's newest facts into it."""
    if table.appended:
        return f"INSERT INTO {log_of(table)} ({', '.join(columns)})\n{newest(table, columns, facts, erasure)}"
    return f"""INSERT INTO {table.name} ({", ".join(columns)})
{newest(table, columns, facts, erasure)}
ON CONFLICT ({", ".join(table.key)}) DO UPDATE SET
{_update(table, columns)}"""


def erase(table: Table, erasure: Erasure) -> str:
    """Delete what this batch erases from a table; what earlier ones erased was never let in again."""
    name = log_of(table) if table.appended else table.name
    erased = relations_of(erasure.event)[0].name
    return f"DELETE FROM {name} WHERE {erasure.column} IN (SELECT {erasure.column} FROM {erased})"


def log_of(table: Table) -> str:
    """Where the facts of an appended table lie; the table's own name is then a view of the newest."""
    return f"{table.name}_log"


def erased_table(erasure: Erasure) -> Table:
    """The tombstones of an erasure."""
    return Table(ERASED, (erasure.column,))


def erased_facts(erasure: Erasure) -> str:
    """What an erasing event states."""
    return f"SELECT {erasure.column}, position FROM {relations_of(erasure.event)[0].name}"


def _nth(key: tuple[str, ...], newest_by: tuple[str, ...]) -> str:
    order = ", ".join(f"{column} DESC" for column in newest_by)
    return f"row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY {order}) AS {NTH}"


def _newest_by_group(table: Table, columns: tuple[str, ...], facts: str) -> str:
    key = ", ".join(table.key)
    came_from = dict.fromkeys(table.key, "keys")
    joins = ""
    for number, group in enumerate(table.groups):
        alias, own = f"newest_{number}", (*group.columns, *group.newest_by)
        came_from |= dict.fromkeys(own, alias)
        joins += f"""
LEFT JOIN (
  SELECT {key}, {", ".join(own)}
  FROM (SELECT *, {_nth(table.key, group.newest_by)} FROM facts WHERE {group.newest_by[0]} IS NOT NULL) AS ranked
  WHERE {NTH} = 1
) AS {alias} USING ({key})"""
    return f"""WITH facts AS ({facts})
SELECT {", ".join(f"{came_from[column]}.{column}" for column in columns)}
FROM (SELECT DISTINCT {key} FROM facts) AS keys{joins}"""


def _update(table: Table, columns: tuple[str, ...]) -> str:
    if not table.groups:
        settings = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in table.key)
        return f"{settings}\nWHERE {_is_newer(table.name, table.newest_by)}"
    return ",\n".join(
        f"  {column} = CASE WHEN {_is_newer(table.name, group.newest_by)} THEN excluded.{column}"
        f" ELSE {table.name}.{column} END"
        for group in table.groups
        for column in (*group.columns, *group.newest_by)
    )


def _is_newer(table: str, newest_by: tuple[str, ...]) -> str:
    """Whether the new fact beats the old one; one that says nothing of a group is null there and beats nothing."""
    if len(newest_by) == 1:
        (column,) = newest_by
        return f"excluded.{column} > {table}.{column} OR {table}.{column} IS NULL"
    new = ", ".join(f"excluded.{column}" for column in newest_by)
    old = ", ".join(f"{table}.{column}" for column in newest_by)
    return f"({new}) > ({old})"
