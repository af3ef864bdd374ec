"""Mails as .eml files in a folder: the default, which any mail program opens."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from pipeline.errors import PermanentError, UnavailableError
from pipeline.records import Message


class SpoolNotifier:
    """Writes each mail into a folder, whole or not at all.

    The file's name comes from the Message-ID, so a mail that is written again is the same file.

    Args:
        folder: Made when the first mail is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def close(self) -> None:
        """Nothing stays open between two mails."""

    def path(self, message: Message) -> Path:
        """Where a message is written to."""
        digest = hashlib.sha256((message.message_id or message.id).encode("utf-8", "replace")).hexdigest()
        return self._folder / f"{digest[:32]}.eml"

    def send(self, message: Message) -> None:
        """Writes a mail.

        Raises:
            UnavailableError: The disk is full, read-only or not there.
            PermanentError: The message is no mail.
        """
        if message.channel != "mail":
            raise PermanentError("the spool takes mails only")
        target = self.path(message)
        part = target.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(message.payload)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise UnavailableError(
                f"cannot write the mail to {self._folder}: {error.strerror or error}"
            ) from None
