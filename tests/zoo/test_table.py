import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sslrecipes.errors import ConfigError
from sslrecipes.zoo import Card, Measurement, model_zoo_table
from sslrecipes.zoo.table import command, with_current_table, zoo_documents

TOOL = Path(__file__).resolve().parents[2] / 'tools/model_zoo.py'
CARDS = [
    Card(
        name='tec_a',
        collection='TEC',
        config='configs/tec/tec_a.py',
        parameters=118_594_304,
        recipe={'arch': 'b', 'epochs': 300},
        weights='https://example.org/a.pth',
        reported=Measurement('top-1', 84.7, 'https://example.org/table'),
    ),
    Card('mae_a', 'MAE', 'configs/mae/mae_a.py', 1_000_000, {}, reproduced=Measurement('k-NN', 5.5, 'https://log')),
]


def test_rows_tell_reported_from_reproduced():
    tec, mae = [line for line in model_zoo_table(CARDS, '.').splitlines() if '_a' in line]
    assert tec == (
        '| [tec_a](configs/tec/tec_a.py) | b | 118.6 | 300 | - | - | [84.7](https://example.org/table) top-1 | - '
        '| [weights](https://example.org/a.pth) |'
    )
    assert mae == '| [mae_a](configs/mae/mae_a.py) | - | 1.0 | - | - | - | - | [5.5](https://log) k-NN | - |'


def test_links_start_at_the_document():
    assert '[mae_a](../mae/mae_a.py)' in model_zoo_table(CARDS, 'configs/tec')


@pytest.fixture
def repository(tmp_path):
    row = {
        'Name': 'tec_a',
        'In Collection': 'TEC',
        'Metadata': {'Parameters': 1_000_000},
        'Config': 'configs/tec/tec_a.py',
        'Recipe': {'epochs': 300},
    }
    folder = tmp_path / 'configs/tec'
    folder.mkdir(parents=True)
    (tmp_path / 'model-index.yml').write_text('Import: [configs/tec/metafile.yml]')
    (folder / 'metafile.yml').write_text(yaml.safe_dump({'Models': [row]}))
    for document in zoo_documents(tmp_path):
        document.write_text('before\n<!-- model-zoo:begin -->\nold\n<!-- model-zoo:end -->\nafter\n')
    return tmp_path


def test_only_the_part_between_the_markers_changes(repository):
    text = with_current_table(repository / 'README.md', repository, CARDS)
    assert text.startswith('before\n<!-- model-zoo:begin -->\n')
    assert text.endswith('\n<!-- model-zoo:end -->\nafter\n')
    assert 'old' not in text
    assert 'tec_a' in text
    assert 'mae_a' in text


def test_a_folder_shows_its_own_cards(repository):
    text = with_current_table(repository / 'configs/tec/README.md', repository, CARDS)
    assert 'tec_a' in text
    assert 'mae_a' not in text


@pytest.mark.parametrize('text', ['no markers', '<!-- model-zoo:end --><!-- model-zoo:begin -->', None])
def test_document_without_markers_is_refused(repository, text):
    document = repository / 'README.md'
    document.unlink() if text is None else document.write_text(text)
    with pytest.raises(ConfigError, match='needs one pair of lines'):
        with_current_table(document, repository, CARDS)


def run_tool(repository, action):
    command = [sys.executable, str(TOOL), action, '--root', str(repository)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_tool_checks_then_writes_then_is_content(repository):
    check = run_tool(repository, '--check')
    assert check.returncode == 1
    assert check.stdout.splitlines() == ['out of date: README.md', 'out of date: configs/tec/README.md']
    assert run_tool(repository, '--write').returncode == 0
    assert '[tec_a](tec_a.py)' in (repository / 'configs/tec/README.md').read_text()
    assert run_tool(repository, '--check').returncode == 0


def test_tool_names_a_wrong_key(repository):
    (repository / 'configs/tec/metafile.yml').write_text('Models: [{Nmae: tec_a}]')
    done = run_tool(repository, '--write')
    assert done.returncode == 2
    assert 'unknown key "Nmae". Did you mean "Name"?' in done.stderr


def test_detectors_and_segmentors_have_a_table_of_their_own():
    recipe = {'detector': 'FasterRCNN', 'arch': 'resnet18', 'iterations': 90_000, 'effective_batch': 16, 'lr': 0.02}
    box = Measurement('box AP', 34.1, 'https://ap')
    detector = Card('faster_a', 'TEC', 'a.py', 28_300_000, recipe, reported=box, training_data='COCO')
    segmentor = Card('uper_a', 'TEC', 'b.py', 9, {**recipe, 'detector': 'EncoderDecoder', 'decode_head': 'UPerHead'})
    text = model_zoo_table([detector, *CARDS, segmentor], '.')
    (table,) = [
        part for part in text.split('\n\n') if part.startswith('| TEC: transfer | model | backbone | params (M)')
    ]
    _, _, first, second = table.splitlines()
    assert first.startswith('| [faster_a](a.py) | FasterRCNN | resnet18 | 28.3 | COCO | 90,000 | 16 | 0.02 |')
    assert first.endswith('| [34.1](https://ap) box AP | - |')
    assert '| UPerHead | resnet18 | 0.0 | - |' in second


@pytest.mark.parametrize(
    ('name', 'start'),
    [
        ('b_8xb2-polylr-80k_ade20k-512px', 'bash tools/dist_train.sh shared.py 8'),
        ('b_64xb1-multisteplr-184k_coco', 'NNODES=8 bash tools/dist_train.sh shared.py 8'),
        ('b_knn_in1k', 'python tools/test.py shared.py'),
    ],
)
def test_recipes_that_share_a_config_have_a_command_and_a_folder_of_their_own(name, start):
    options = {'transfer.checkpoint': 'a b.pth', 'model.depths': [1, 2], 'model.token': False}
    shared = Card(name, 'TEC', 'shared.py', 1, {}, options=options)
    lines = command(shared).split(' \\\n    ')
    assert lines == [
        start,
        f'--work-dir work_dirs/{name}',
        "--cfg-options 'transfer.checkpoint=a b.pth' 'model.depths=[1, 2]' model.token=False",
    ]
    text = model_zoo_table([*CARDS, shared], '.')
    assert text.endswith(f'```bash\n{command(shared)}\n```')
    assert f'| [{name}](shared.py) |' in text
    assert '```' not in model_zoo_table(CARDS, '.')
