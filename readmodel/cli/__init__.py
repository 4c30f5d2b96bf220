"""The command line: `readmodel COMMAND`."""

from readmodel.cli.main import main

__all__ = ["main"]
