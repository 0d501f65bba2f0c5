import pytest

from sslrecipes.errors import ConfigError
from sslrecipes.studies.recipes import cards, find_recipe


def test_a_path_a_place_below_configs_and_a_card(study, tmp_path):
    study()
    assert find_recipe('mae.py') == find_recipe('mae') == ((tmp_path / 'mae.py').relative_to(tmp_path), {})
    name, card = next((name, card) for name, card in cards().items() if card.overrides)
    path, options = find_recipe(name)
    assert path.is_file()
    assert options == card.overrides
    below = card.config.removeprefix('configs/').removesuffix('.py')
    assert find_recipe(below)[0].samefile(path)
    assert find_recipe(below)[1] == {}


def test_no_recipe(study):
    study()
    with pytest.raises(ConfigError, match=r'no recipe "mae/mae_vit-base-p16_8xb512.* Did you mean "mae_vit-base'):
        find_recipe('mae/mae_vit-base-p16_8xb512-coslr-300e_in1k')
