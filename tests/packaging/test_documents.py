"""Commands and configs that the documents show: every tool takes its command line, every config resolves."""

import argparse
import importlib.util
import re
import shlex
import sys
from itertools import takewhile
from pathlib import Path
from string import Template

import pytest

from sslrecipes.config.loading import load_config
from sslrecipes.config.preconditions import check_trains

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ('*.md', 'docs/**/*.md', 'configs/**/*.md', 'projects/**/*.md')
    for path in ROOT.glob(pattern)
)
#: What stands for something of the reader's.
PLACEHOLDERS = {'CONFIG': 'configs/mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py', 'FORMAT': 'timm'}
VALUES = {'RANK': '0', 'HOST': 'node0', 'HOME': '/home/me', 'PWD': '.', 'TOOLS': 'tools'}
VALUES['CONFIGS'] = str(Path(importlib.util.find_spec('mmpretrain').origin).parent / '.mim' / 'configs')
#: Programs that are no tools of ours, and what calls this test.
OTHERS = {
    'mkdir',
    'wget',
    'pip',
    'cd',
    'source',
    'sbatch',
    'pre-commit',
    'export',
    'python -c',
    'python -m',
    'bash tools/run_tests.sh',
}
#: How the reader's own config may begin, with the path that it is meant to have.
NAMED = re.compile(r'# (?:~/research/)?([\w./-]+\.py)\b.*\n')
#: Doors in bash, and how they call a Python tool: its name, and where its arguments are.
DOORS = {
    'dist_train.sh': lambda words: ('train.py', [words[0], *words[2:]]),
    'dist_test.sh': lambda words: ('test.py', [words[0], words[1], *words[3:]]),
    'slurm_train.sh': lambda words: ('train.py', [words[2], '--work-dir', words[3], *words[4:]]),
    'quickstart.sh': lambda words: (
        'run_study.py',
        ['configs/studies/quickstart.py', *(word for word in words if word not in ('--mae-priv', '--transfer'))],
    ),
}


class _ParsedError(Exception):
    """A tool has read its command line."""


def blocks(document, language):
    return re.findall(
        rf'^```{language}\n(.*?)^```', (ROOT / document).read_text(encoding='utf-8'), re.MULTILINE | re.DOTALL
    )


def commands(document):
    """Command lines of a document's blocks, with the variables that it has set so far, and without comments."""
    variables = dict(VALUES)
    for block in blocks(document, 'bash'):
        text = re.sub(r'^\w+=\$\(.*', '', block, flags=re.MULTILINE).replace('\\\n', ' ').replace(' && ', '\n')
        for line in text.splitlines():
            words = [Template(word).safe_substitute(variables) for word in shlex.split(line, comments=True)]
            while words and re.match(r'[A-Z_]+=', words[0]):
                name, _, value = words.pop(0).partition('=')
                variables[name] = value
            words = list(takewhile(lambda word: word != '>', words))  # what stands behind it is the shell's
            if words:
                yield [PLACEHOLDERS.get(word, word) for word in words]


def inline_commands(document):
    """Command lines of tools within a document's sentences: those with ``python`` or ``bash``, or with placeholders."""
    text = re.sub(r'^```.*?^```', '', (ROOT / document).read_text(encoding='utf-8'), flags=re.MULTILINE | re.DOTALL)
    for line in re.findall(r'`((?:python|bash) tools/\w+\.(?:py|sh)[^`]*|tools/\w+\.py [A-Z][^`]*)`', text):
        words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line)]
        yield words if words[0] in ('python', 'bash') else ['python', *words]


@pytest.fixture(scope='module')
def copy(tmp_path_factory):
    """A folder like the checkout, in which the reader's files are laid."""
    root = tmp_path_factory.mktemp('checkout')
    for name in ('configs', 'projects', 'tools'):
        for path in [ROOT / name, *(ROOT / name).rglob('*')]:
            place = root / path.relative_to(ROOT)
            if path.is_dir():
                place.mkdir(exist_ok=True)
            else:
                place.symlink_to(path)
    (root / 'my_mae').mkdir()
    (root / 'my_mae' / 'my_vit.py').touch()
    for document in DOCUMENTS:
        for text in blocks(document, 'python'):
            if name := NAMED.match(text):
                (root / name[1]).write_text(text)
    return root


@pytest.fixture
def checkout(copy, monkeypatch):
    """That folder as working directory."""
    monkeypatch.chdir(copy)
    monkeypatch.syspath_prepend(copy)


@pytest.fixture
def read(monkeypatch):
    """Function that lets a tool read its command line, and returns what it understood."""
    parse = argparse.ArgumentParser.parse_args

    def stop(parser, argv=None, namespace=None):
        raise _ParsedError(parse(parser, argv, namespace))

    def read(tool, words):
        spec = importlib.util.spec_from_file_location(f'tool_{tool[:-3]}', ROOT / 'tools' / tool)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with monkeypatch.context() as patch:
            patch.setattr(argparse.ArgumentParser, 'parse_args', stop)
            patch.setattr(sys, 'argv', [f'tools/{tool}', *words])
            with pytest.raises(_ParsedError) as parsed:
                module.main()
        return parsed.value.args[0]

    return read


@pytest.mark.parametrize('document', DOCUMENTS)
def test_commands_are_understood(document, checkout, read):
    inline = () if document == 'CHANGELOG.md' else inline_commands(document)
    for words in (*commands(document), *inline):
        if {words[0], ' '.join(words[:2])} & OTHERS:
            continue
        program, path, *words = words
        assert program in ('python', 'bash'), program
        tool, words = DOORS.get(Path(path).name, lambda words, name=Path(path).name: (name, words))(words)
        arguments = read(tool, words)
        if getattr(arguments, 'config', None):
            assert Path(arguments.config).is_file(), arguments.config
            cfg = load_config(arguments.config, getattr(arguments, 'cfg_options', None))
            if tool == 'train.py':
                check_trains(cfg)


@pytest.mark.parametrize('document', DOCUMENTS)
def test_configs_of_the_reader_resolve(document, checkout):
    for text in blocks(document, 'python'):
        if '_base_ =' in text:
            load_config(NAMED.match(text)[1])


@pytest.mark.parametrize('document', DOCUMENTS)
def test_named_tests_exist_and_take_their_options(document):
    text = (ROOT / document).read_text(encoding='utf-8')
    named = re.findall(r'(?<![\w/.-])tests/[\w/.-]+', text) if document != 'CHANGELOG.md' else []
    assert [path for path in named if not (ROOT / path.rstrip('.')).exists()] == []
    for script, options in re.findall(r'`(?:\w+=\S+ )?python (tests/long/\w+\.py)([^`]*)`', text):
        source = (ROOT / script).read_text(encoding='utf-8')
        assert [option for option in re.findall(r'--[\w-]+', options) if f"'{option}'" not in source] == [], script


def test_commands_are_found():
    assert sum(1 for document in DOCUMENTS for _ in commands(document)) > 60
