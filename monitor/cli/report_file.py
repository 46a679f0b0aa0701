"""A report in a file, whole or not there at all, and its manifest: of what it is, and how to make it again."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from monitor.errors import UsageError

Form = Literal["html", "md"]
_FORMS: Mapping[str, Form] = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}


def form_of(path: Path) -> Form:
    """The form that a file's name asks for. Raises UsageError for a name that asks for none."""
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{path.name} does not say how the report is meant: end the name with .html or .md.")
    return form


def write_report(path: Path, text: str, about: Mapping[str, Any]) -> None:
    """Write the file, then beside it `NAME.manifest.json`: `about`, and the size and the SHA-256 of the file.

    Both are complete when they appear; what was there before is replaced. Raises UsageError where no file can be made.
    """
    content = text.encode("utf-8", "replace")
    told = {
        "file": path.name,
        "form": form_of(path),
        **about,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file: name one in a folder, or leave --out out and read the report here.")
    try:
        _put(path, content)
        _put(path.with_name(f"{path.name}.manifest.json"), (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Name another with --out.") from error


def _put(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
