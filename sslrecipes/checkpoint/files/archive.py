"""Limits of the zip archive that a torch file is, checked before torch opens it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from sslrecipes.checkpoint.files.pickle_depth import too_deep
from sslrecipes.errors import CheckpointError

#: Bytes of pickled values besides the tensors, and of the table of contents.
MAX_PICKLE, MAX_CONTENTS = 256 << 20, 64 << 20

_ENCRYPTED = 1
_LENGTHS = 26  # where the header of a record has those of its name and of what follows it
_FOLDER = 0x10  # of the attributes of MS-DOS
_ZIP64_LOCATOR = b'PK\6\7'


def check_archive(stream: BinaryIO, name: str, end: int, checksums: bool) -> None:
    """Refuse an archive that no ``torch.save`` can have written.

    Args:
        stream: The archive.
        name: What errors call it.
        end: Where its end record (22 bytes) starts.
        checksums: Also read everything and compare it with the checksums of the archive. Records with checksum 0 are
            passed over: ``torch.serialization.set_crc32_options(False)`` writes such.

    Raises:
        CheckpointError: The archive is damaged, or a name, size or compression in it is not as torch writes it.
    """
    try:
        complaint = _oversized(stream, end) or _complaint(stream, checksums)
    except Exception as error:  # zipfile raises whatever comes to pass in a damaged archive
        raise CheckpointError(f'"{name}" is damaged or cut short ({error or type(error).__name__}).') from error
    if complaint:
        raise CheckpointError(f'"{name}" was refused: {complaint}.')


def _oversized(stream: BinaryIO, end: int) -> str | None:
    """Complain about the table of contents before it is read."""
    stream.seek(max(0, end - 76))
    records = stream.read(98)  # zip64 end record (56 bytes), its locator (20), end record (22)
    size = int.from_bytes(records[-10:-6], 'little')
    if records[56:60] == _ZIP64_LOCATOR:
        size = int.from_bytes(records[40:48], 'little')
    return f'its table of contents declares {size:,} bytes' if size > MAX_CONTENTS else None


def _complaint(stream: BinaryIO, checksums: bool) -> str | None:
    size = stream.seek(0, os.SEEK_END)
    with ZipFile(stream) as archive:
        records = archive.infolist()
        complaint = next(_complaints(records, size), None) or next(_deep_pickles(records, stream), None)
        if checksums and not complaint:
            for record in records:
                _read_through(archive, record)
    return complaint


def _complaints(records: list[ZipInfo], size: int) -> Iterator[str]:
    if len({record.filename for record in records}) < len(records):
        yield 'two of its records have the same name'
    if sum(record.file_size for record in records) > size:
        yield 'its records declare more bytes than the file has'
    for record in records:
        path = PurePosixPath(record.filename.replace('\\', '/'))
        if path.is_absolute() or '..' in path.parts:
            yield f'its record "{record.filename}" would leave the archive'
        if record.compress_type != ZIP_STORED or record.flag_bits & _ENCRYPTED:
            yield f'its record "{record.filename}" is compressed or encrypted'
        if record.external_attr & _FOLDER and not record.is_dir():
            yield f'its record "{record.filename}" says that it is a folder'  # torch would leave memory as it found it
        if path.name == 'data.pkl' and record.file_size > MAX_PICKLE:
            yield f'its record "{record.filename}" has {record.file_size:,} bytes, more than {MAX_PICKLE:,}'


def _deep_pickles(records: list[ZipInfo], stream: BinaryIO) -> Iterator[str]:
    """Look into pickles, also those without a right checksum, which ``ZipFile.read`` refuses."""
    for record in records:
        if PurePosixPath(record.filename).name == 'data.pkl':
            stream.seek(record.header_offset + _LENGTHS)
            lengths = int.from_bytes(stream.read(2), 'little') + int.from_bytes(stream.read(2), 'little')
            stream.seek(lengths, os.SEEK_CUR)
            if too_deep(stream.read(record.file_size)):
                yield f'its record "{record.filename}" nests tuples too deeply'


def _read_through(archive: ZipFile, record: ZipInfo) -> None:
    if record.CRC:
        with archive.open(record) as content:
            while content.read(1 << 20):
                pass
