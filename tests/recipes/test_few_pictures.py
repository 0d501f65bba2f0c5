"""The way of a newcomer with few pictures, by the commands of the project's README, at a small size."""

import re
import runpy
import shlex
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / 'projects/few_pictures/README.md'
#: What makes the commands quick: the pictures' side and the lengths of the trainings.
SIDE, EPOCHS = 32, 1


def commands():
    """The README's command lines, as words; those for a machine without a GPU do the same on smaller pictures."""
    variables, text = {}, README.read_text().partition('## Without a GPU')[0]
    for block in re.findall(r'^```bash\n(.*?)^```', text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            words = [Template(word).substitute(variables) for word in shlex.split(line)]
            name, equals, value = words[0].partition('=')
            if equals:
                variables[name] = value
            else:
                yield words


def quick(words):
    """The command with the epochs and the size of this test."""
    words = [re.sub(r'epoch_(100|30)\b', f'epoch_{EPOCHS}', word) for word in words]
    tool, options = Path(words[1]).stem, []
    if tool in ('train', 'test', 'visualize_views'):
        options = [f'image_size={SIDE}']
    if tool == 'train':
        options.append(f'train_cfg.max_epochs={EPOCHS}')
    if any('resnet18_byol-pre' in word for word in words) and options:
        run = 'work_dirs/byol_resnet18_1xb50-coslr-100e_few-pictures-112px'
        options.append(f'model.backbone.init_cfg.checkpoint={run}/epoch_{EPOCHS}.pth')
    return [*words[1:], *(['--cfg-options', *options] if options else [])]


def run(words):
    """Do what a command line does, in this process; returns its exit code."""
    before, sys.argv = sys.argv, [str(ROOT / words[0]), *words[1:]]
    try:
        runpy.run_path(sys.argv[0], run_name='__main__')
    except SystemExit as end:
        return end.code or 0
    finally:
        sys.argv = before
    return 0


def test_pictures_are_learnt_from_evaluated_and_taken_elsewhere(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for name in ('configs', 'projects'):
        Path(name).symlink_to(ROOT / name)
    said = {}
    for words in commands():
        assert words[0] == 'python', words
        assert run(quick(words)) == 0, (words, capfd.readouterr())
        said[tuple(words[1:3])] = capfd.readouterr().out
    assert len(list(Path('data/few_pictures/unlabelled').glob('*.png'))) == 500
    assert len(list(Path('data/few_pictures/train').glob('*/*.png'))) == 200
    assert len(list(Path('data/few_pictures/train').iterdir())) == 18
    knn = next(text for words, text in said.items() if 'knn' in words[1] and words[0].endswith('test.py'))
    assert 'untrained' in knn
    assert Path('few_pictures_resnet18.pth').stat().st_size > 10**6
    assert list(Path('work_dirs/byol_resnet18_1xb50-coslr-100e_few-pictures-112px').glob('report.html'))
