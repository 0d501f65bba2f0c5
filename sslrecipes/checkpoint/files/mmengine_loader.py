"""MMEngine's own loading of checkpoints and pickles, turned over to the safe reader.

Upstream (mmengine 0.10.12, ``runner/checkpoint.py``): ``_safe_torch_load`` answers a refusal of torch's restricted
unpickler by loading the file again *without* the restriction, which runs whatever code it holds; its allow-list
contains ``getattr``; addresses go through ``torch.hub.load_state_dict_from_url``, which is unrestricted by default.
Resuming, ``load_from``, ``init_cfg`` and the model zoos all end in one of the functions replaced here. And
``mmengine.load`` of a ``.pkl`` (annotation files, class weights of losses) unpickles without any restriction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from mmengine.fileio.handlers import PickleHandler
from mmengine.fileio.handlers.registry_utils import file_handlers
from mmengine.runner import CheckpointLoader, checkpoint

from sslrecipes.checkpoint.files.reading import Location, read_checkpoint, read_torch
from sslrecipes.checkpoint.files.unpickling import load_plain
from sslrecipes.errors import CheckpointError


def install() -> None:
    """Replace every place of mmengine that unpickles a checkpoint; calling it again changes nothing."""
    CheckpointLoader.register_scheme('', load_from_local, force=True)
    CheckpointLoader.register_scheme(('http://', 'https://'), load_from_http, force=True)
    checkpoint.load_from_http = load_from_http  # called by the schemes torchvision://, openmmlab:// and mmcls://
    checkpoint._safe_torch_load = _safe_torch_load  # called by the schemes openmmlab://, s3:// and pavi://
    file_handlers.update(pkl=PlainPickle(), pickle=PlainPickle())


class PlainPickle(PickleHandler):  # type: ignore[misc]
    """Reads pickles of plain values and arrays."""

    def load_from_fileobj(self, file: BinaryIO, **_: Any) -> Any:
        """Read a file.

        Raises:
            CheckpointError: It is damaged, or asks for anything else.
        """
        try:
            return load_plain(file)
        except Exception as error:  # a damaged pickle can raise anything
            raise CheckpointError(f'A .pkl file was refused, it is no pickle of plain values: {error}.') from error


def load_from_local(filename: str, map_location: Location = None) -> dict[str, Any]:
    """Load a local checkpoint as :func:`sslrecipes.checkpoint.files.reading.read_checkpoint` does."""
    return read_checkpoint(filename, map_location)


def load_from_http(filename: str, map_location: Location = None, **_: Any) -> dict[str, Any]:
    """Download and load a checkpoint; mmengine's ``model_dir`` and ``progress`` have no effect."""
    return read_checkpoint(filename, map_location)


def _safe_torch_load(file: str | BinaryIO, map_location: Location = None, **_: Any) -> dict[str, Any]:
    return read_torch(Path(file) if isinstance(file, str) else file, map_location)
