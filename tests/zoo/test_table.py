import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sslrecipes.commands.model_zoo import update_tables
from sslrecipes.errors import ConfigError
from sslrecipes.zoo.cards import Card, Measurement
from sslrecipes.zoo.documents import with_current_table, zoo_documents
from sslrecipes.zoo.table import command, model_zoo_table

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


def test_what_a_step_costs_is_told_where_a_card_states_it():
    small = Card('mae_b', 'MAE', 'b.py', 1_000_000, {}, flops=8_617_000_000, relative_cost=0.2649)
    head, _, unstated, stated = model_zoo_table([CARDS[1], small], '.').splitlines()[:4]
    assert head.endswith('| GFLOPs | of 224 px |')
    assert unstated.endswith('| - | - |')
    assert stated.endswith('| 8.617 | 0.2649 |')


def test_several_collections_have_headings():
    headings = [line for line in model_zoo_table(CARDS, '.').splitlines() if line.startswith('#')]
    assert headings == ['## TEC', '## MAE']
    assert '#' not in model_zoo_table(CARDS[:1], '.')


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
    paper = {'Title': 'A paper', 'URL': 'https://paper'}
    system = {'Name': 'TEC', 'Paper': paper, 'Code': {'URL': 'https://code'}}
    (folder / 'metafile.yml').write_text(yaml.safe_dump({'Collections': [system], 'Models': [row]}))
    (folder / 'tec_a.py').touch()
    (tmp_path / 'docs').mkdir()
    for document, table in zoo_documents(tmp_path).items():
        document.write_text(f'before\n<!-- {table}:begin -->\nold\n<!-- {table}:end -->\nafter\n')
    return tmp_path


def test_only_the_part_between_the_markers_changes(repository):
    text = with_current_table(repository / 'docs/model_zoo.md', repository, CARDS)
    assert text.startswith('before\n<!-- model-zoo:begin -->\n')
    assert text.endswith('\n<!-- model-zoo:end -->\nafter\n')
    assert 'old' not in text
    assert 'tec_a' in text
    assert 'mae_a' in text


def test_a_folder_shows_its_own_cards(repository):
    text = with_current_table(repository / 'configs/tec/README.md', repository, CARDS)
    assert 'tec_a' in text
    assert 'mae_a' not in text


def test_systems_have_a_line_with_paper_backbones_and_best_published_accuracy(repository):
    top5 = Card('tec_c', 'TEC', 'c.py', 1, {'arch': 'c'}, reported=Measurement('top-5', 97.0, 'https://other'))
    source = 'https://code/table'
    best = replace(CARDS[0], reported=Measurement('top-1', 84.7, source))
    others = Card('mae_b', 'TEC', 'b.py', 1, {'arch': 'b'}, reported=Measurement('top-1', 99.0, 'https://other'))
    worse = Card('tec_b', 'TEC', 'b.py', 1, {'arch': 'b'}, reported=Measurement('top-1, linear', 60.0, source))
    lines = with_current_table(repository / 'README.md', repository, [worse, others, top5, best, CARDS[1]]).splitlines()
    assert '| [TEC](configs/tec) | [A paper](https://paper), [code](https://code) | b, c | 4 |' in lines[5]
    assert lines[5].endswith('| [84.7](https://code/table) (b) |')
    assert lines[7].endswith('measured here: 1 of 5 recipes.')
    lines = with_current_table(repository / 'README.md', repository, [worse]).splitlines()
    assert lines[5].endswith('| b | 1 | [60.0](https://code/table) (b, linear) |')
    assert with_current_table(repository / 'README.md', repository, []).splitlines()[5].endswith('| - | 0 | - |')


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
    assert check.stdout.splitlines() == [
        *('out of date: README.md', 'out of date: docs/model_zoo.md', 'out of date: configs/tec/README.md')
    ]
    assert run_tool(repository, '--write').returncode == 0
    assert '[tec_a](tec_a.py)' in (repository / 'configs/tec/README.md').read_text()
    assert run_tool(repository, '--check').returncode == 0


def test_a_card_without_a_config_is_named(repository):
    (repository / 'configs/tec/tec_a.py').unlink()
    with pytest.raises(ConfigError, match=r'^tec_a: there is no config "configs/tec/tec_a\.py"\.$'):
        update_tables(repository, write=False)


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


RANK = 'NODE_RANK=$RANK MASTER_ADDR=$HOST'


@pytest.mark.parametrize(
    ('name', 'start'),
    [
        ('b_8xb2-polylr-80k_ade20k-512px', 'bash tools/dist_train.sh shared.py 8'),
        (
            'b_64xb1-multisteplr-184k_coco',
            f'NNODES=8 {RANK} bash tools/dist_train.sh shared.py 8',
        ),
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
    text = model_zoo_table([CARDS[0], shared], '.')
    assert text.endswith(f'```bash\n{command(shared)}\n```')
    assert f'| [{name}](shared.py) |' in text
    assert '```' not in model_zoo_table([*CARDS, shared], '.')  # which has headings, and a page for each system
