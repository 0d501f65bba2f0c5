import hashlib
import io
import zipfile

import numpy as np
import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.sealing import COMMENT_SIZE, SealedFile, seal_of, verify
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError


@pytest.fixture
def sealed(tmp_path):
    return save_torch(tmp_path / 'a.pth', {'meta': {'epoch': 1}, 'state_dict': {'w': torch.arange(1000.0)}})


def test_sealed_file_is_an_ordinary_torch_file(sealed):
    for mmap in (False, True):
        held = torch.load(sealed, weights_only=True, mmap=mmap)
        assert torch.equal(held['state_dict']['w'], torch.arange(1000.0))
    with zipfile.ZipFile(sealed) as archive:
        assert archive.testzip() is None
        assert archive.comment.startswith(b'sslrecipes-sha256:')


def test_digest_is_that_of_the_file_without_the_comment(sealed):
    whole = sealed.read_bytes()
    plain = whole[: -COMMENT_SIZE - 2] + b'\0\0'
    assert hashlib.sha256(plain).hexdigest().encode() == whole[-64:]
    stream = io.BytesIO()
    torch.save(read_checkpoint(sealed), stream)
    assert stream.getvalue() == plain


def test_who_is_sealed(tmp_path, sealed):
    torch.save({'w': torch.ones(1)}, tmp_path / 'plain.pth')
    assert seal_of(sealed)
    assert not seal_of(tmp_path / 'plain.pth')
    verify(sealed)
    assert read_checkpoint(sealed, sealed=True)['meta'] == {'epoch': 1}
    with pytest.raises(CheckpointError, match=r'plain.pth" carries no digest'):
        verify(tmp_path / 'plain.pth')
    with pytest.raises(CheckpointError, match=r'plain.pth" carries no digest'):
        read_checkpoint(tmp_path / 'plain.pth', sealed=True)


def test_every_bit_of_the_end_counts(sealed):
    whole = sealed.read_bytes()
    for place in range(len(whole) - 110, len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        sealed.write_bytes(changed)
        for read in (verify, read_checkpoint):
            with pytest.raises(CheckpointError, match=r'a.pth" is damaged'):
                read(sealed)


def test_every_cut_of_the_end_is_noticed(sealed):
    whole = sealed.read_bytes()
    for size in range(len(whole) - 110, len(whole)):
        sealed.write_bytes(whole[:size])
        for read in (verify, read_checkpoint):
            with pytest.raises(CheckpointError, match=r'a.pth" is damaged'):
                read(sealed)


def test_bits_of_an_unsealed_file_are_compared_with_its_checksums(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'w': torch.zeros(1000)}, path)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    assert torch.load(path)['w'].any()  # torch notices nothing
    with pytest.raises(CheckpointError, match=r'a.pth" is damaged.*CRC'):
        read_checkpoint(path)


def test_file_written_without_checksums_is_read(tmp_path):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({'w': torch.ones(5)}, tmp_path / 'a.pth')
    finally:
        torch.serialization.set_crc32_options(before)
    assert torch.equal(read_checkpoint(tmp_path / 'a.pth')['w'], torch.ones(5))


@pytest.mark.parametrize('content', [b'', b'PK', b'PK\3\4' + bytes(500), b'<html>404</html>', np.zeros(4000).tobytes()])
def test_foreign_files(tmp_path, content):
    path = tmp_path / 'a.pth'
    path.write_bytes(content)
    for read in (verify, read_checkpoint):
        with pytest.raises(CheckpointError, match=r'a\.pth'):
            read(path)


def test_unreadable_file(tmp_path):
    with pytest.raises(CheckpointError, match='can not be read: No such file'):
        verify(tmp_path / 'absent.pth')
    with pytest.raises(CheckpointError, match='is no regular file'):
        verify(tmp_path)


def test_interrupt_in_a_write_is_raised_in_the_end(tmp_path):
    def interrupted(self, data):
        raise KeyboardInterrupt

    with SealedFile(tmp_path / 'a.pth') as stream:
        stream._digest = type('Digest', (), {'update': interrupted})()
        torch.save({'w': torch.ones(100_000)}, stream)
        with pytest.raises(KeyboardInterrupt):
            stream.seal()
    assert (tmp_path / 'a.pth').stat().st_size < 100_000
