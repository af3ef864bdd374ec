"""What the `wirewatch` command runs in a checkout."""

from pipeline.cli import main

__all__ = ["main"]
