"""What a study remembers of a job: ``study.json`` in its folder, written before it starts and after it has ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.errors import DataError

NAME = 'study.json'
STARTED, DONE, FAILED = 'started', 'done', 'failed'


@dataclass(frozen=True)
class Record:
    """What is known of a job that was started.

    Attributes:
        status: ``'started'``, ``'done'`` or ``'failed'``.
        identity: See :func:`sslrecipes.studies.identity.identity`.
        seconds: That its starts took, as far as they ended.
        message: Why it failed.
    """

    status: str
    identity: Mapping[str, str]
    seconds: float = 0.0
    message: str = ''


def read_record(folder: Path) -> Record | None:
    """Read the record of a job; None if there is none.

    Raises:
        DataError: If it is no record.
    """
    file = folder / NAME
    try:
        said: dict[str, Any] = json.loads(file.read_bytes())
        return Record(**{one.name: said[one.name] for one in fields(Record)})
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise DataError(f'"{folder}" is a file, where a folder of the study should be: move it away.') from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f'"{file}" is no record of a job: remove it, and the job is done anew.') from error


def write_record(folder: Path, record: Record) -> None:
    """Write the record of a job, whole or not at all.

    Raises:
        StorageError: If the system refuses.
    """
    text = json.dumps(asdict(record), indent=1) + '\n'
    write_atomic(folder / NAME, lambda file: file.write_text(text, encoding='utf-8'))
