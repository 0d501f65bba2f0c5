import pytest

from sslrecipes.errors import DataError, StorageError
from sslrecipes.studies.records import DONE, Record, read_record, write_record


def test_what_is_written_is_read(tmp_path):
    assert read_record(tmp_path / 'none') is None
    record = Record(DONE, {'lr': '0.1'}, 2.5, 'why')
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record


@pytest.mark.parametrize('content', [b'', b'{}', b'[]', b'{"status": "done"', b'\xff', b'null', b'[' * 9999])
def test_what_is_no_record_is_told(tmp_path, content):
    (tmp_path / 'study.json').write_bytes(content)
    with pytest.raises(DataError, match=r'study.json" is no record of a job: remove it'):
        read_record(tmp_path)


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / 'base').touch()
    with pytest.raises(DataError, match=r'is a file, where a folder of the study should be'):
        read_record(tmp_path / 'base')
    with pytest.raises(StorageError):
        write_record(tmp_path / 'base', Record(DONE, {}))
