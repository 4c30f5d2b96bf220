"""An `Entity` written out: its table, the section of a definition, and the view that queries read.

Beside each optional field stands `<field>_at`, the position that set it; required fields share `saved_at`, and
`removed_at` is the newest removal. Positions compare, because all events of one noun travel in one stream.
"""

from readmodel.engine.projection import Entity, Group, Table
from readmodel.engine.relation import Column, relations_of
from readmodel.events.event import Event


def entity_table(entity: Entity) -> Table:
    """The table that holds the entity's state, tombstones included."""
    together, alone = _fields(entity)
    groups = [Group(("saved_at",), tuple(column.name for column in together))]
    groups += [Group((f"{column.name}_at",), (column.name,)) for column in alone]
    groups += [Group(("removed_at",), ())] if entity.removed_by else []
    return Table(f"{entity.name}_state", (entity.key,), groups=tuple(groups))


def entity_definition(entity: Entity) -> str:
    """What each event says of the entity, as SQL that both stores understand."""
    together, alone = _fields(entity)
    relation = relations_of(entity.saved_by)[0]
    columns = [entity.key, *(column.name for column in together), "position AS saved_at"]
    for column in alone:
        columns += [column.name, f"{_position_if_sent(entity.saved_by, column.name)} AS {column.name}_at"]
    columns += ["CAST(NULL AS BIGINT) AS removed_at"] if entity.removed_by else []
    saved = f"SELECT {', '.join(columns)}\nFROM {relation.name}"
    return f"{saved}\nUNION ALL\n{_removals(entity, len(columns))}" if entity.removed_by else saved


def entity_view(entity: Entity) -> str:
    """The entity as it is now: no tombstones, and nothing that was set before the last removal."""
    together, alone = _fields(entity)
    removed_at = "coalesce(removed_at, -1)" if entity.removed_by else "-1"
    shown = [entity.key]
    shown += [_if_after(removed_at, "saved_at", column.name) for column in together]
    shown += [_if_after(removed_at, f"{column.name}_at", column.name) for column in alone]
    query = f"SELECT {', '.join(shown)}\nFROM {entity.name}_state\nWHERE saved_at > {removed_at}"
    return f"CREATE VIEW {entity.name} AS\n{query}"


def _fields(entity: Entity) -> tuple[list[Column], list[Column]]:
    """The fields that every saving event sets, and those that it may leave out."""
    fields = entity.saved_by.model_fields
    columns = [c for c in relations_of(entity.saved_by)[0].columns if c.name in fields and c.name != entity.key]
    columns = [column for column in columns if column.name not in Event.model_fields]
    alone = [c for c in columns if entity.saved_by.patch and not fields[c.name].is_required()]
    return [column for column in columns if column not in alone], alone


def _position_if_sent(event: type[Event], field: str) -> str:
    return f"CASE WHEN has_{field} THEN position END" if event.patch else "position"


def _if_after(removed_at: str, set_at: str, column: str) -> str:
    return f"CASE WHEN {set_at} > {removed_at} THEN {column} END AS {column}"


def _removals(entity: Entity, width: int) -> str:
    assert entity.removed_by
    nulls = ["NULL"] * (width - 2)
    columns = ", ".join([entity.key, *nulls, "position"])
    return f"SELECT {columns}\nFROM {relations_of(entity.removed_by)[0].name}"
