import pytest
import yaml

from sslrecipes.errors import ConfigError
from sslrecipes.zoo import Measurement, read_cards, read_index

RESULT = {'Metric': 'top-1', 'Value': 84.7, 'Source': 'https://example.org'}


def row(**changes):
    base = {
        'Name': 'tec_a',
        'In Collection': 'TEC',
        'Metadata': {'Parameters': 12},
        'Config': 'configs/tec/tec_a.py',
        'Recipe': {'epochs': 300, 'lr': 0.0024},
        'Reported': RESULT,
    }
    return {**base, **changes}


@pytest.fixture
def write(tmp_path):
    def write_metafile(*rows):
        metafile = tmp_path / 'metafile.yml'
        metafile.write_text(yaml.safe_dump({'Models': list(rows)}))
        return metafile

    return write_metafile


def test_a_card_holds_its_row(write):
    [card] = read_cards(write(row(Downstream=['ft'])))
    assert (card.name, card.collection, card.parameters) == ('tec_a', 'TEC', 12)
    assert card.recipe == {'epochs': 300, 'lr': 0.0024}
    assert card.reported == Measurement('top-1', 84.7, 'https://example.org')
    assert card.reproduced is None
    assert card.weights is None
    assert card.downstream == ('ft',)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'Recipie': {}}, r'tec_a: unknown key "Recipie"\. Did you mean "Recipe"\?'),
        ({'Recipe': {'epoch': 300}}, r'tec_a: Recipe: unknown key "epoch"\. Did you mean "epochs"\?'),
        ({'Reported': {**RESULT, 'Valeu': 1}}, r'Reported: unknown key "Valeu"\. Did you mean "Value"\?'),
        ({'Reported': {'Metric': 'top-1', 'Value': 84.7}}, r'Reported: missing Source\.'),
        ({'Metadata': {'Params': 12}}, r'Metadata: unknown key "Params"\. Did you mean "Parameters"\?'),
        ({'Metadata': {'FLOPs': 12}}, r'Metadata: missing Parameters\.'),
    ],
)
def test_wrong_keys_are_named(write, changes, message):
    with pytest.raises(ConfigError, match=message):
        read_cards(write(row(**changes)))


def test_missing_keys_are_named(write):
    with pytest.raises(ConfigError, match=r'tec_a: missing Metadata, Config, Recipe\.'):
        read_cards(write({'Name': 'tec_a', 'In Collection': 'TEC'}))


def test_index_reads_all_metafiles_in_order(write, tmp_path):
    write(row(), row(Name='tec_b'))
    (tmp_path / 'model-index.yml').write_text('Import: [metafile.yml]')
    assert [card.name for card in read_index(tmp_path)] == ['tec_a', 'tec_b']


def test_disagreements_in_both_directions(write):
    [card] = read_cards(write(row()))
    assert card.disagreements({'epochs': 300, 'lr': 0.0024}) == []
    assert card.disagreements({'epochs': 800, 'min_lr': 0.0}) == [
        'epochs: the card says 300, the config 800',
        'lr: the card says 0.0024, the config nothing',
        'min_lr: the card says nothing, the config 0.0',
    ]


def test_details_may_be_left_out_but_not_wrong(write):
    [silent] = read_cards(write(row()))
    assert silent.disagreements({**silent.recipe, 'decoder_depth': 4}) == []
    [stated] = read_cards(write(row(Recipe={**silent.recipe, 'decoder_depth': 8})))
    assert stated.disagreements({**silent.recipe, 'decoder_depth': 4}) == [
        'decoder_depth: the card says 8, the config 4'
    ]
