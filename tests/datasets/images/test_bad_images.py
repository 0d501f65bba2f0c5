import multiprocessing

import pytest

from sslrecipes.datasets.images.bad_images import BadImageList, entry
from sslrecipes.errors import StorageError


def test_images_are_listed_once_by_everybody(tmp_path):
    path = tmp_path / 'bad.txt'
    one, other = BadImageList(path), BadImageList(path)
    one.add('a.jpg', 'empty file')
    other.add('b.jpg', 'cut off')
    other.add('a.jpg', 'empty file')
    one.add('b.jpg', 'cut off')
    after_a_restart = BadImageList(path)
    after_a_restart.add('a.jpg', 'empty file')
    assert path.read_bytes() == entry('a.jpg', 'empty file') + entry('b.jpg', 'cut off')
    assert [len(each) for each in (one, other, after_a_restart)] == [2, 2, 2]
    assert one.last == ('b.jpg', 'cut off')


def test_news_are_told_once(tmp_path):
    writer, reader = (BadImageList(tmp_path / 'bad.txt') for _ in range(2))
    assert not reader.refresh()
    writer.add('a.jpg', 'empty')
    assert reader.refresh()
    assert not reader.refresh()
    assert len(reader) == 1


def test_odd_names_take_one_line_each(tmp_path):
    path = tmp_path / 'bad.txt'
    names = ['tab\there', 'line\nbreak', 'ü 中', b'latin-\xfc'.decode(errors='surrogateescape')]
    for _ in range(2):
        for name in names:
            BadImageList(path).add(name, 'why\tnot\n')
    assert path.read_bytes().count(b'\n') == path.read_bytes().count(b'\t') / 2 == len(names)
    assert b'latin-\xfc\t' in path.read_bytes()


def test_a_line_torn_by_a_crash_does_not_swallow_the_next(tmp_path):
    path = tmp_path / 'bad.txt'
    path.write_bytes(entry('a.jpg', 'empty') + b'b.jpg\tcut o')
    found = BadImageList(path)
    found.refresh()
    assert len(found) == 1
    found.add('c.jpg', 'empty')
    assert path.read_bytes() == entry('a.jpg', 'empty') + b'b.jpg\tcut o\n' + entry('c.jpg', 'empty')


def test_damaged_lines_do_not_count_and_are_listed_anew(tmp_path):
    path, images = tmp_path / 'bad.txt', ['a.jpg', 'b.jpg', 'ü.jpg']
    good = b''.join(entry(image, 'empty') for image in images)
    for place in range(len(good)):
        for bit in (1, 4, 128):
            path.write_bytes(bytes(good[:place] + bytes([good[place] ^ bit]) + good[place + 1 :]))
            found = BadImageList(path)
            found.refresh()
            assert {*found._reasons.items()} < {(image, 'empty') for image in images}
            for image in images:
                found.add(image, 'empty')
            assert [*sorted(found._reasons)] == images
    path.write_bytes(b'\0\xff\n\n\t\t\nsome.jpg\tempty\n' + bytes(1000))
    found = BadImageList(path)
    assert not found.refresh()
    assert found.damaged == 4


def test_a_deleted_list_begins_anew(tmp_path):
    found = BadImageList(tmp_path / 'bad.txt')
    found.add('a long name', 'empty')
    found.path.unlink()
    found.add('b', 'empty')
    assert found.path.read_text() == entry('b', 'empty').decode()


def test_a_list_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(StorageError, match=r'bad\.txt'):
        BadImageList(tmp_path / 'absent' / 'bad.txt').add('a', 'empty')


def add_all(path, barrier):
    found = BadImageList(path)
    barrier.wait()
    for number in range(100):
        found.add(f'{number}.jpg', 'empty')


def test_processes_do_not_mix_their_lines(tmp_path):
    context = multiprocessing.get_context('fork')
    barrier = context.Barrier(4)
    writers = [context.Process(target=add_all, args=(tmp_path / 'bad.txt', barrier)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted((tmp_path / 'bad.txt').read_bytes().splitlines(keepends=True)) == sorted(
        entry(f'{n}.jpg', 'empty') for n in range(100)
    )
