"""What operators can have done, and look at."""

from dataclasses import dataclass

from gateway.archive import ArchiveLike, LossesLike
from gateway.erasure import ErasingLike
from gateway.inspection import InspectorLike, VerifierLike
from gateway.letters import LettersLike
from gateway.rebuilds import RebuildsLike


@dataclass(frozen=True, slots=True)
class Operators:
    """Whom their requests are handed to."""

    letters: LettersLike
    rebuilds: RebuildsLike
    inspector: InspectorLike
    archive: ArchiveLike
    losses: LossesLike
    erasing: ErasingLike
    verifier: VerifierLike
