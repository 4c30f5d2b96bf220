"""What operators do about people who want to be forgotten, and after a restore."""

from typing import Annotated

from pydantic import Field

from gateway.access import Access
from gateway.parameters import Asked, Search
from gateway.route import Answer, Nothing, Question, Routes
from gateway.routes.rebuilds import PATH, Step

routes = Routes("operations")


class Erased(Asked):
    """Whom and, where the service key is shown, who decided that."""

    user: Annotated[str, Field(min_length=1, max_length=200)]
    by: Search = None


@routes.post(f"{PATH}/erase-user", answers=Step, asks=Erased, access=Access.OPERATOR, in_lines=True)
async def erase_user(question: Question[Erased]) -> Answer:
    """Erase all that was ever published of a user, for good; one JSON object a line, in the last one the record.

    Whoever stops reading interrupts it; done again, it is finished.
    """
    by = question.caller.id or question.asked.by or "whoever has the service key"
    return Answer(question.operators.erasing.erase(question.asked.user, by))


@routes.post(f"{PATH}/verify", answers=Step, asks=Nothing, access=Access.OPERATOR, in_lines=True)
async def verify(question: Question[Nothing]) -> Answer:
    """Say how archive, streams and stores fit together; one JSON object a line, in the last one the findings."""
    return Answer(question.operators.verifier.verify())
