import io
import zipfile

import pytest
import torch

from sslrecipes.checkpoint.files import archive
from sslrecipes.checkpoint.files.reading import read_checkpoint, read_mapped, read_torch
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.errors import CheckpointError


@pytest.fixture
def rewritten(tmp_path):
    """``rewritten(change)``: a torch file whose zip archive was written anew with more or other records."""

    def rewrite(change=lambda archive: None):
        source, path = io.BytesIO(), tmp_path / 'a.pth'
        torch.save({'w': torch.zeros(1000)}, source)
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, 'w') as new:
            for record in old.infolist():
                new.writestr(record.filename, old.read(record))
            change(new)
        return path

    return rewrite


def test_archives_of_other_writers_are_read(rewritten):
    assert torch.equal(read_checkpoint(rewritten())['w'], torch.zeros(1000))


@pytest.mark.parametrize(
    'name', ['../evil', '/tmp/evil', 'archive/../../evil', '..\\evil', '\\evil', 'archive/data/../../../evil']
)
def test_names_that_would_leave_the_archive(rewritten, name):
    path = rewritten(lambda archive: archive.writestr(name, b'x'))
    with pytest.raises(CheckpointError, match=r'a.pth" was refused: its record ".*evil" would leave the archive'):
        read_checkpoint(path)


def test_compressed_records(rewritten):
    path = rewritten(lambda archive: archive.writestr('archive/x', b'x' * 50, zipfile.ZIP_DEFLATED))
    with pytest.raises(CheckpointError, match=r'a.pth" was refused: its record .* is compressed'):
        read_checkpoint(path)


def test_records_that_say_they_are_folders(tmp_path):
    """torch would take their size from elsewhere than their content, and give what lay in memory."""
    path = tmp_path / 'a.pth'
    torch.save({'w': torch.ones(4)}, path)
    content = bytearray(path.read_bytes())
    place = content.rindex(b'PK\1\2', 0, content.rindex(b'data/0'))
    content[place + 38] |= 0x10
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match='says that it is a folder'):
        read_checkpoint(path)


def test_declared_sizes(rewritten):
    """Deflated zeros are declared to be stored, of the size that they would have."""
    path = rewritten(lambda archive: archive.writestr('archive/bomb', bytes(10_000_000), zipfile.ZIP_DEFLATED))
    content = path.read_bytes()
    place = content.rindex(b'PK\1\2', 0, content.rindex(b'archive/bomb'))
    path.write_bytes(content[: place + 10] + b'\0\0' + content[place + 12 :])
    with pytest.raises(CheckpointError, match='its records declare more bytes than the file has'):
        read_checkpoint(path)


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_two_records_of_one_name(rewritten):
    path = rewritten(lambda archive: archive.writestr('archive/data.pkl', b'x'))
    with pytest.raises(CheckpointError, match='two of its records have the same name'):
        read_checkpoint(path)


def test_pickle_and_contents_are_limited(tmp_path, monkeypatch):
    path = save_torch(tmp_path / 'a.pth', {'meta': {'cfg': 'x' * 5000}})
    read_checkpoint(path)
    monkeypatch.setattr(archive, 'MAX_PICKLE', 4000)
    with pytest.raises(CheckpointError, match=r'record "archive/data.pkl" has 5,\d+ bytes, more than 4,000'):
        read_checkpoint(path)
    monkeypatch.setattr(archive, 'MAX_CONTENTS', 100)
    with pytest.raises(CheckpointError, match=r'table of contents declares \d+ bytes'):
        read_checkpoint(path)


def test_table_of_contents_of_a_large_archive(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'w': torch.ones(1)}, path)
    content = bytearray(path.read_bytes())
    assert content[-42:-38] == b'PK\6\7'  # torch writes a zip64 end record, too
    content[-58:-50] = (1 << 40).to_bytes(8, 'little')
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match='declares 1,099,511,627,776 bytes'):
        read_checkpoint(path)


def test_limits_hold_for_streams(rewritten):
    stream = io.BytesIO(rewritten(lambda archive: archive.writestr('../evil', b'x')).read_bytes())
    with pytest.raises(CheckpointError, match='would leave the archive'):
        read_torch(stream)
    assert torch.equal(read_torch(io.BytesIO(rewritten().read_bytes()))['w'], torch.zeros(1000))


def test_safetensors_header_is_limited(tmp_path):
    path = tmp_path / 'a.safetensors'
    path.write_bytes((101_000_000).to_bytes(8, 'little') + b'{' + b' ' * 101_000_000)
    with pytest.raises(CheckpointError, match=r'a.safetensors" is a damaged or cut safetensors file .*[Hh]eader'):
        read_checkpoint(path)


def test_meta_without_the_tensors(tmp_path):
    held = {'meta': {'epoch': 3, 'cfg': 'x'}, 'state_dict': {'w': torch.ones(1000)}}
    sealed, plain, legacy = (tmp_path / f'{name}.pth' for name in ('sealed', 'plain', 'legacy'))
    save_torch(sealed, held)
    torch.save(held, plain)
    torch.save(held, legacy, _use_new_zipfile_serialization=False)
    for mapped in (read_mapped(sealed), read_mapped(sealed, sealed=True), read_mapped(plain), read_mapped(legacy)):
        assert mapped['meta'] == held['meta']
    save_safetensors(tmp_path / 'a.safetensors', {'w': torch.ones(2)}, {'method': 'MAE'})
    assert read_mapped(tmp_path / 'a.safetensors')['meta'] == {'format': 'pt', 'method': 'MAE'}
    for path in (plain, legacy, tmp_path / 'a.safetensors'):
        with pytest.raises(CheckpointError, match=path.name):
            read_mapped(path, sealed=True)


def test_meta_of_a_damaged_file(tmp_path):
    path = save_torch(tmp_path / 'a.pth', {'meta': {}, 'w': torch.zeros(1000)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert read_mapped(path)['meta'] == {}  # the tensors aren't looked at
    with pytest.raises(CheckpointError, match='damaged'):
        read_mapped(path, sealed=True)
