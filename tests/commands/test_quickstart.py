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

from sslrecipes.commands.quickstart import EXPORTED, run

ROOT = Path(__file__).resolve().parents[2]
PAGES = ('README.md', 'docs/evaluate.md', 'docs/export.md')
LINES = [line for page in PAGES for line in (ROOT / page).read_text().replace('\\\n', ' ').splitlines()]
#: What the pages offer after the quickstart, as words.
COMMANDS = [
    shlex.split(line, comments=True)
    for line in dict.fromkeys(LINES)
    if line.startswith('python tools/') and 'work_dirs/quickstart/' in line and '/mae-priv/' not in line
]


@pytest.fixture(scope='module')
def finished(tmp_path_factory, few_tiles):
    """A folder that looks like a checkout after a quickstart of one epoch, its results, and what was printed."""
    root = tmp_path_factory.mktemp('checkout')
    for name in ('configs', 'tools'):
        (root / name).symlink_to(ROOT / name)
    imsave(root / 'photo.jpg', data.astronaut())
    with pytest.MonkeyPatch.context() as patch:
        few_tiles(patch)
        patch.chdir(root)
        folder = Path('work_dirs', 'quickstart')
        with redirect_stdout(StringIO()) as printed:
            results = run(folder, epochs=1)
        for part, kept in (('mae', (18, 19, 20)), ('tec', (10, 11, 12))):  # as many as a whole run keeps
            for epoch in kept:
                shutil.copy2(root / folder / part / 'epoch_1.pth', root / folder / part / f'epoch_{epoch}.pth')
        yield root, results, printed.getvalue()


def test_one_epoch_ends_with_every_promised_file(finished):
    root, results, printed = finished
    folder = root / 'work_dirs' / 'quickstart'
    assert [result.network.name for result in results] == ['random', 'MAE base', 'TEC']
    assert all(0 < score <= 100 for result in results for score in result.scores())
    for name in ('reconstruction.png', 'loss_curves.png', 'report.md', 'mae/epoch_1.pth', 'tec/epoch_1.pth'):
        assert (folder / name).stat().st_size > 0, name
    assert not [name for name in load_file(folder / EXPORTED) if name.startswith(('backbone', 'cls_token_mlp'))]
    numbers = json.loads((folder / 'results.json').read_text())
    assert [row['model'] for row in numbers['results']] == ['random', 'MAE base', 'TEC']
    for word in ('images/s', 'linear balanced', 'Next steps', 'tools/dist_train.sh'):
        assert word in printed


@pytest.mark.parametrize('words', COMMANDS, ids=lambda words: Path(words[1]).stem)
def test_what_the_pages_do_with_the_results_works(words, finished, monkeypatch):
    root, _, _ = finished
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, 'argv', words[1:])
    runpy.run_path(words[1], run_name='__main__')
    if '--out' in words:
        assert (root / words[words.index('--out') + 1]).exists()


def test_the_pages_offer_something_for_each_purpose():
    assert {Path(words[1]).stem for words in COMMANDS} == {
        *('test', 'export_backbone', 'evaluate_knn'),
        *('plot_features', 'visualize_reconstruction', 'explain_attention'),
    }
