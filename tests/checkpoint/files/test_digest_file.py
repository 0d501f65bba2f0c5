import subprocess

import pytest

from sslrecipes.checkpoint.files.digest_file import agrees, digest_file, write_digest


@pytest.mark.parametrize('name', ['list.txt', 'two words', 'ü'])
def test_as_sha256sum_does(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'content')
    assert agrees(path)
    write_digest(path)
    assert agrees(path)
    subprocess.run(['sha256sum', '--check', '--strict', digest_file(path).name], cwd=tmp_path, check=True)
    path.write_bytes(b'Content')
    assert not agrees(path)
    digest_file(path).write_bytes(b'')
    assert not agrees(path)
