import pytest
import yaml
from mmengine.config import Config

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.cards import Measurement, read_cards, read_index

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
        ({'Metadata': {'Parameters': 1, 'FLOPs': 1.5}}, r'tec_a: Metadata: FLOPs is 1\.5, but must be a whole number'),
        ({'Metadata': {'Parameters': 1, 'Relative Cost': 'half'}}, r"Relative Cost is 'half', but must be a number"),
        ({'Config': 5}, r'tec_a: Config is 5, but must be text\.'),
        ({'Name': 5}, r'5: Name is 5, but must be text\.'),
        ({'Metadata': None}, r'tec_a: Metadata must be a mapping, not None\.'),
        ({'Metadata': {'Parameters': 'many'}}, r"tec_a: Metadata: Parameters is 'many', but must be a whole"),
        ({'Recipe': ['lr']}, r"tec_a: Recipe is \['lr'\], but must be a dict\."),
        ({'Recipe': {5: 3}}, r'tec_a: Recipe: unknown key "5"\.'),
        ({'Reported': 5}, r'tec_a: Reported must be a mapping, not 5\.'),
        ({'Downstream': 'ft'}, r"tec_a: Downstream is 'ft', but must be a list"),
        ({'Options': ['lr=1']}, r'tec_a: Options must be settings by their dotted paths'),
        (
            {'Options': {'train_cfg.max_iters': 'abc'}},
            r"tec_a: Options: iterations is 'abc', but must be a whole number",
        ),
        ({'Options': {'model': {'depth': 50}}}, r'tec_a: Options must be settings by their dotted paths'),
    ],
)
def test_wrong_keys_are_named(write, changes, message):
    with pytest.raises(ConfigError, match=message):
        read_cards(write(row(**changes)))


def test_missing_keys_are_named(write):
    with pytest.raises(ConfigError, match=r'tec_a: missing Metadata, Config, Recipe\.'):
        read_cards(write({'Name': 'tec_a', 'In Collection': 'TEC'}))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('', r'metafile\.yml: "Models" must be there, and be a list\.'),
        ('Models:', r'metafile\.yml: "Models" must be there, and be a list\.'),
        ('[1]', r'metafile\.yml: "Models" must be there, and be a list\.'),
        ('Models: [a]', r"metafile\.yml: a model without Name must be a mapping, not 'a'\."),
    ],
)
def test_what_holds_no_cards_is_one_sentence(tmp_path, content, message):
    (tmp_path / 'metafile.yml').write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_cards(tmp_path / 'metafile.yml')


def test_cards_of_one_name_would_share_a_work_dir(write, tmp_path):
    write(row(), row())
    (tmp_path / 'model-index.yml').write_text('Import: [metafile.yml]')
    with pytest.raises(ConfigError, match=r'model-index\.yml: 2 cards are called "tec_a"\.'):
        read_index(tmp_path)


def test_index_reads_all_metafiles_in_order(write, tmp_path):
    write(row(), row(Name='tec_b'))
    (tmp_path / 'model-index.yml').write_text('Import: [metafile.yml]')
    assert [card.name for card in read_index(tmp_path)] == ['tec_a', 'tec_b']


def settings(**changes):
    """A config whose facts are those of the card."""
    cfg = dict(train_cfg=dict(max_epochs=300), optim_wrapper=dict(optimizer=dict(lr=0.0024)))
    return Config({**cfg, **changes})


def test_disagreements_in_both_directions(write):
    [card] = read_cards(write(row()))
    assert card.disagreements(settings()) == []
    other = settings(train_cfg=dict(max_epochs=800), optim_wrapper={}, param_scheduler=dict(min_lr=0.0))
    assert card.disagreements(other) == [
        'epochs: the card says 300, the config 800',
        'lr: the card says 0.0024, the config nothing',
        'min_lr: the card says nothing, the config 0.0',
    ]


def test_details_may_be_left_out_but_not_wrong(write):
    decoder = settings(model=dict(neck=dict(decoder_depth=4)))
    [silent] = read_cards(write(row()))
    assert silent.disagreements(decoder) == []
    [stated] = read_cards(write(row(Recipe={**silent.recipe, 'decoder_depth': 8})))
    assert stated.disagreements(decoder) == ['decoder_depth: the card says 8, the config 4']


def test_a_card_states_any_setting_by_its_place(write):
    """A place that has a name needn't be stated twice."""
    recipe = {'train_cfg.max_epochs': 300, 'lr': 0.0024, 'model.head.scales.0': [0.1, 1.0]}
    [card] = read_cards(write(row(Recipe={**recipe, 'optim_wrapper.paramwise_cfg': {'no_decay': ['token']}})))
    wrapper = dict(optimizer=dict(lr=0.0024), paramwise_cfg=dict(no_decay=('token',)))
    cfg = settings(model=dict(head=dict(scales=[(0.1, 1.0)])), optim_wrapper=wrapper)
    assert card.disagreements(cfg) == []
    cfg.model.head.scales = [(0.1, 2.0)]
    assert card.disagreements(cfg) == ['model.head.scales.0: the card says [0.1, 1.0], the config [0.1, 2.0]']


def test_a_place_that_the_config_lacks_is_named(write):
    [card] = read_cards(write(row(Recipe={**row()['Recipe'], 'model.head.magnitud': 0.2})))
    said = 'model.head.magnitud: the card says 0.2, the config nothing'
    assert card.disagreements(settings(model=dict(head=dict(magnitude=0.2)))) == [f'{said}. Did you mean "magnitude"?']
    assert card.disagreements(settings()) == [said]


@pytest.fixture
def load(write, tmp_path):
    """Function that writes a config, and loads it by a card with options."""
    text = (
        "load_from = 'a.pth'\nmodel = dict(type='MAE', backbone=dict(type='ViT', out_indices=(0, 1), init_cfg=None))\n"
    )
    (tmp_path / 'tec_a.py').write_text(text)

    def load_card(**options):
        [card] = read_cards(write(row(Config='tec_a.py', Options=options)))
        return card, card.load(tmp_path)

    return load_card


def test_options_are_those_of_the_command_line_and_state_their_facts(load):
    options = {'model.backbone.out_indices': [2, 3], 'model.backbone.init_cfg': None, 'model.backbone.mask_ratio': 0.5}
    card, cfg = load(load_from='1.pth', **options)
    assert cfg.load_from == card.overrides['load_from'] == '1.pth'
    assert cfg.model.backbone == dict(type='ViT', out_indices=[2, 3], init_cfg=None, mask_ratio=0.5)
    assert card.overrides['model.backbone.out_indices'] == '[2, 3]'
    assert card.recipe == {'epochs': 300, 'lr': 0.0024, 'mask_ratio': 0.5, 'out_indices': [2, 3]}


def test_an_option_without_a_place_names_the_card(load):
    with pytest.raises(ConfigError, match=r'tec_a: .*no key "modell"\. Did you mean "model"\?'):
        load(**{'modell.type': 'TEC'})
