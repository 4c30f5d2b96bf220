"""Whom Postgres runs as: it refuses to be root, and the service often is root in a container."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from readmodel.errors import DataDirUnusable

UNPRIVILEGED: Final = "nobody"


@dataclass(frozen=True)
class Account:
    """A user id (None: the service's own), and a command in front where changing the id is not enough."""

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def identity(self) -> dict[str, Any]:
        """The arguments for `subprocess` that make the child run as this account."""
        if self.uid is None or self.prefix:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make the account the owner of `path`."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def account_for(folder: Path, program: Path) -> Account:
    """The account that runs `program` on `folder`: the service's own, unless that is root.

    Root hands over to the folder's owner, or to `nobody` for a new one: no user is made and no permission of
    a folder is changed, as neither is ours. Raises `DataDirUnusable`.
    """
    owner = folder.stat().st_uid if folder.exists() else None
    if os.geteuid() != 0:
        if owner not in {None, os.geteuid()}:
            raise DataDirUnusable(path=folder, reason=f"it belongs to user {owner}; start as that user or as root")
        return Account()
    user = pwd.getpwuid(owner) if owner else pwd.getpwnam(UNPRIVILEGED)
    account = Account(user.pw_uid, user.pw_gid)
    if _reaches(account, program, folder.parent):
        return account
    account = Account(user.pw_uid, user.pw_gid, _through_closed_folders(user))
    if not _reaches(account, program, folder.parent):
        reason = f"user {user.pw_name} cannot enter it, or {program.parent}; let it, or set DATA_DIR"
        raise DataDirUnusable(path=folder, reason=reason)
    return account


def _through_closed_folders(user: pwd.struct_passwd) -> tuple[str, ...]:
    """The way for a repository or data directory inside a closed home such as /root.

    The process gets another id than root's and keeps one of root's rights: to pass through folders.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    rights = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")
    return (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *rights, "--")


def _reaches(account: Account, program: Path, folder: Path) -> bool:
    question = [*account.prefix, "/bin/sh", "-c", 'test -x "$0" && test -x "$1"', str(program), str(folder)]
    answer = subprocess.run(question, check=False, capture_output=True, cwd="/", **account.identity())
    return answer.returncode == 0
