"""Audits and explanations as people read them."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

Shown = Mapping[str, Any]

_SIDES = {
    "only_stored": "is stored, and the definition has no such row",
    "only_defined": "is not stored, though the definition has it",
    "changed": "is stored with other values than the definition has",
}


def print_audit(audits: Sequence[Shown]) -> None:
    """A line for what is as it should be; for what is not, each example with both values and its events."""
    for audited in audits:
        name = f"{audited['projection']}@{audited['store']}"
        if audited["error"]:
            click.secho(f"{name}: not audited: {audited['error']}", fg="red")
        elif not audited["differences"]:
            click.echo(f"{name}: {audited['rows']:,} rows are what the definition says, at {audited['position']}")
        else:
            click.secho(f"{name}: {audited['differences']:,} rows differ, at {audited['position']}", fg="red")
            for table in audited["tables"]:
                _print_table(table)


def print_explanation(found: Shown) -> None:
    """The row, then its events, oldest first; or the rows that were meant, to choose from."""
    name = f"{found['projection']}@{found['store']}"
    if len(found["rows"]) != 1:
        _print_choice(name, found)
        return
    (meant,) = found["rows"]
    click.echo(f"{name} {meant['table']} {_values(meant['key'])}, at {found['position']}")
    if meant["row"] is None:
        click.echo("  There is no such row.")
    else:
        others = {column: value for column, value in meant["row"].items() if column not in meant["key"]}
        click.echo(f"  {_values(others)}")
    _print_events(found["events"], hidden=found["events_in_all"] - len(found["events"]))
    for letter in found["letters"]:
        click.secho(f"  put aside: {letter['stream']} {letter['position']} ({letter['state']})", fg="yellow")
        click.echo(f"      {letter['type'] or 'unreadable'}: {letter['error']}")


def _print_table(table: Shown) -> None:
    differing = sum(table[kind] for kind in _SIDES)
    for example in table["examples"]:
        click.echo(f"  {table['table']} {_values(example['key'])} {_SIDES[example['kind']]}:")
        for column, values in example["columns"].items():
            click.echo(f"    {column}: stored {_shown(values['stored'])}, defined {_shown(values['defined'])}")
        _print_events(example["events"], indent="    ")
    if differing > len(table["examples"]):
        click.echo(f"  {table['table']}: {differing - len(table['examples']):,} more rows differ")


def _print_choice(name: str, found: Shown) -> None:
    if not found["rows"]:
        click.echo(f"{name} has no such row, and no event speaks of one.")
        return
    click.echo(f"{name} has more than one such row; name more of the key, or the table as NAME.TABLE:")
    for row in found["rows"]:
        click.echo(f"  {row['table']} {_values(row['key'])}")
    if found["more_rows"]:
        click.echo("  and more")


def _print_events(events: Sequence[Shown], indent: str = "  ", hidden: int = 0) -> None:
    if hidden:
        click.echo(f"{indent}  {hidden:,} older events are not shown")
    for event in events:
        mark = "*" if event["deciding"] else " "
        click.echo(
            f"{indent}{mark} {event['stream']} {event['position']}  {event['time']}  {event['type']}"
            f"  {event['id']} from {event['source']}"
        )
        click.echo(f"{indent}    {'erases the row' if event['erases'] else _said(event)}")


def _said(event: Shown) -> str:
    """What an event sets, a * at what it decides."""
    return ", ".join(
        f"{column}{'*' if column in event['decides'] else ''}={_shown(value)}"
        for column, value in event["sets"].items()
    )


def _values(values: Shown) -> str:
    return ", ".join(f"{column}={_shown(value)}" for column, value in values.items())


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)
