import json
import runpy
import shlex
import shutil
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from safetensors.torch import load_file
from skimage import data
from skimage.io import imsave

from sslrecipes.studies.run_study import Wishes, run_study

ROOT = Path(__file__).resolve().parents[2]
PAGES = ('README.md', 'docs/evaluate.md', 'docs/export.md')
LINES = [line for page in PAGES for line in (ROOT / page).read_text().replace('\\\n', ' ').splitlines()]
EXPORTED = 'tec_vit-nano-p16.safetensors'
KEPT = {'mae': (18, 19, 20), 'longer': (52, 53, 54), 'tec': (14, 15, 16)}
#: What the pages offer after the quickstart, as words.
COMMANDS = [
    shlex.split(line, comments=True)
    for line in dict.fromkeys(LINES)
    if line.startswith('python tools/') and 'work_dirs/quickstart/' in line and '/mae-priv/' not in line
]


SHORT = ['train_cfg.max_epochs=1', 'param_scheduler.warmup_epochs=0']


@pytest.fixture(scope='module')
def finished(tmp_path_factory, few_tiles, here):
    """A folder that looks like a checkout after a quickstart of one epoch, and what was printed."""
    root = tmp_path_factory.mktemp('checkout')
    for name in ('configs', 'tools'):
        (root / name).symlink_to(ROOT / name)
    imsave(root / 'photo.jpg', data.astronaut())
    with pytest.MonkeyPatch.context() as patch:
        few_tiles(patch)
        here(patch)
        patch.chdir(root)
        folder = Path('work_dirs', 'quickstart')
        with redirect_stdout(StringIO()) as printed:
            run_study('configs/studies/quickstart.py', Wishes(sets=SHORT))
        for part, kept in KEPT.items():  # as many as a whole run keeps
            for epoch in kept:
                shutil.copy2(root / folder / part / 'epoch_1.pth', root / folder / part / f'epoch_{epoch}.pth')
        yield root, printed.getvalue()


def test_one_epoch_ends_with_every_promised_file(finished):
    root, printed = finished
    folder = root / 'work_dirs' / 'quickstart'
    results = json.loads((folder / 'results.json').read_text())
    assert [row['network'] for row in results['rows']] == ['untrained', *KEPT]
    scores = [figure['mean'] for row in results['rows'] for name, figure in row['figures'].items() if 'k-NN' in name]
    assert all(0 < score <= 100 for score in scores)
    assert not [name for name in load_file(folder / EXPORTED) if name.startswith(('backbone', 'cls_token_mlp'))]
    page = (folder / 'report.html').read_text()
    for word in ('linear balanced', 'TEC improves on its base', 'data:image/png', 'tools/export_backbone.py'):
        assert word in page
    assert 'Is TEC better than' in printed


@pytest.mark.parametrize('words', COMMANDS, ids=lambda words: Path(words[1]).stem)
def test_what_the_pages_do_with_the_results_works(words, finished, monkeypatch):
    root, _ = finished
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, 'argv', words[1:])
    runpy.run_path(words[1], run_name='__main__')
    if '--out' in words:
        assert (root / words[words.index('--out') + 1]).exists()


def test_the_pages_offer_something_for_each_purpose():
    assert {Path(words[1]).stem for words in COMMANDS} == {
        *('test', 'export_backbone', 'evaluate_knn', 'report'),
        *('plot_features', 'visualize_reconstruction', 'explain_attention'),
    }
