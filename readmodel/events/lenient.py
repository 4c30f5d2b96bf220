"""Reading what can be read of an event that its contract refuses: to tell what it is about, never to fold it."""

from functools import cache
from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, create_model

from readmodel.events.envelope import Entry, EnvelopeInvalid, read_envelope
from readmodel.events.event import Event, contracts, stream_of, upcast


def read_leniently(stream: str, entry: Entry) -> Event | None:
    """The event with None for every field that is missing or does not validate; None where nothing can be read."""
    try:
        envelope = read_envelope(stream, entry)
    except EnvelopeInvalid:
        return None
    model = contracts().get(envelope.type)
    if model is None or stream_of(envelope.type) != stream:
        return None
    try:
        return _lenient(model).model_validate(upcast(model, envelope.payload))
    except Exception:  # a contract's own code stumbled over what nobody thought of
        return None


@cache
def _lenient(model: type[Event]) -> type[Event]:
    """A contract that differs in one thing: what does not validate is None."""
    fields: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        annotated: Any = Annotated[(info.annotation, *info.metadata, WrapValidator(_none_if_invalid))]
        fields[name] = (annotated, Field(default=None, validation_alias=info.validation_alias))
    found: type[Event] = create_model(model.__name__, __base__=model, **fields)
    return found


def _none_if_invalid(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except (ValidationError, ValueError, ArithmeticError):
        return None
