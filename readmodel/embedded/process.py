"""Processes and ports of this machine, as far as our servers need to know them."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

LOOPBACK: Final = "127.0.0.1"
POLL_SECONDS: Final = 0.01


def works_in(pid: int, folder: Path, name: str) -> psutil.Process | None:
    """The living process `pid` if it is called `name` and its working directory is `folder`.

    Both are looked at because a pid read from a file may belong to anybody by now.
    """
    try:
        process = psutil.Process(pid)
        ours = process.name() == name and process.cwd() == str(folder) and not is_dead(process)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if ours else None


def is_dead(process: psutil.Process) -> bool:
    """Whether the process has ended; a zombie has, though in a container often nobody collects it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as listener:
        # As the servers do, so that connections in TIME_WAIT are no matter.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
    return port


def accepts(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
