"""The tool, from its command line to its exit code."""

import importlib.util
import os
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / 'tools/make_subset.py'


@pytest.fixture
def folder(tmp_path, write_images):
    return write_images(
        tmp_path / 'train', *(f'n0{label}/n0{label}_{index}.png' for label in range(3) for index in range(10))
    )


@pytest.fixture
def make(folder, tmp_path, capsys):
    """Function that runs the tool and returns what it printed and the lines of the list, or the error."""
    spec = importlib.util.spec_from_file_location('make_subset', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def run(*args, name='lists/new.txt', fails=False):
        command = [str(folder), '--out', str(tmp_path / name), *args]
        if fails:
            with pytest.raises(SystemExit) as ended:
                tool.main(command)
            assert ended.value.code == 2
            return capsys.readouterr().err
        tool.main(command)
        return capsys.readouterr().out, (tmp_path / name).read_text().splitlines()

    run.tool = tool
    return run


def test_fraction_and_conversion(make, tmp_path):
    printed, lines = make('--fraction', '0.25')
    assert '7 images of 3 classes, 2 to 3 per class' in printed
    assert len(lines) == 7
    (tmp_path / 'simclr.txt').write_text('\n'.join(line.split(',')[3] for line in reversed(lines)))
    _, converted = make('--list', str(tmp_path / 'simclr.txt'), name='converted.txt')
    assert sorted(converted) == sorted(lines)


def test_per_class_and_seed(make):
    chosen = [make('--per-class', '4', '--seed', seed)[1] for seed in ('0', '0', '1')]
    assert chosen[0] == chosen[1] != chosen[2]
    assert [sum(f',{label},' in line for line in chosen[0]) for label in range(3)] == [4, 4, 4]


def test_some_classes_with_as_many_images_each_and_others_of_the_same(make, tmp_path):
    printed, lines = make('--classes', '2', '--total', '8', name='two.txt')
    assert '8 images of 2 classes, 4 to 4 per class' in printed
    assert len({line.split(',')[2] for line in lines}) == 2
    assert make('--classes', '2', '--per-class', '4')[1] == lines
    _, others = make('--classes-of', str(tmp_path / 'two.txt'), '--fraction', '1')
    assert len(others) == 20
    assert {line.split(',')[2] for line in others} == {line.split(',')[2] for line in lines}


def test_images_of_all_classes_together(make, tmp_path, capsys):
    printed, lines = make('--total', '2')
    assert len(lines) == 2
    assert f'2 images of {len({line.split(",")[2] for line in lines})} class' in printed


def test_how_a_head_is_sized_for_some_classes_is_told(make, folder, tmp_path, capsys):
    make.tool.main([str(folder), '--classes', '2', '--per-class', '1', '--out', str(tmp_path / 'two.txt')])
    told = '2 of 3 classes: ImageSubset(relabel=True) numbers them from 0, for heads with num_classes=2.\n'
    assert capsys.readouterr().err == told


def test_what_is_left_out_is_told(make, folder, write_images, capsys):
    write_images(folder, 'top.png', 'top2.png')
    (folder / 'n00/notes.txt').touch()
    (folder / 'up').symlink_to(folder)
    make.tool.main([str(folder), '--per-class', '1', '--out', str(folder.parent / 'list.txt')])
    printed = capsys.readouterr()
    assert printed.out.endswith(': 3 images of 3 classes, 1 to 1 per class\n')
    assert printed.err.splitlines() == [
        f'2 images beside the class folders left out ("{folder}/top.png").',
        '1 other file left out (1 .txt).',
        f'1 link to folders visited anyway left out ("{folder}/up").',
    ]


def test_mistakes_are_one_line(make, folder):
    assert (
        make('--per-class', '11', fails=True)
        == 'error: The class "n00" has 10 images, which is less than 11 per class.\n'
    )
    assert 'required' in make(fails=True)
    assert "10 images can't be shared equally by 3 classes" in make('--total', '10', '--classes', '3', fails=True)
    assert 'at least 1 class, not 0' in make('--fraction', '1', '--classes', '0', fails=True)
    assert 'leave out --classes' in make('--list', 'a.txt', '--classes', '3', fails=True)
    (folder / 'n0144').mkdir()
    assert make('--fraction', '0.1', fails=True).startswith('error: The class "n0144" has no image')


@pytest.mark.parametrize('name', ['own.txt', 'link.txt', 'train/n01/n01_3.png'])
def test_what_is_read_is_not_written_over(make, tmp_path, name):
    make('--fraction', '0.25', name='own.txt')
    (tmp_path / 'link.txt').symlink_to('own.txt')
    before = (tmp_path / name).read_bytes()
    sentence = f'error: "{tmp_path / name}" is read and would be written over: give another OUT.\n'
    assert make('--list', str(tmp_path / 'own.txt'), name=name, fails=True) == sentence
    assert (tmp_path / name).read_bytes() == before


def test_classes_of_a_list_that_the_folder_does_not_have(make, tmp_path):
    (tmp_path / 'other.txt').write_text('m00_1.png')
    error = make('--classes-of', str(tmp_path / 'other.txt'), '--fraction', '1', fails=True)
    assert 'has the class "m00", which the folder does not have. Did you mean "n00"?' in error


def test_a_list_that_may_never_end_is_refused(make, tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    for name in (tmp_path / 'pipe', '/dev/zero', tmp_path):
        assert make('--list', str(name), fails=True) == f'error: The subset list "{name}" is no regular file.\n'
    (tmp_path / 'own.txt').write_text('a')
    os.mkfifo(tmp_path / 'own.txt.sha256')
    assert 'no regular file' in make('--list', str(tmp_path / 'own.txt'), fails=True)
