import pytest
from matplotlib.figure import Figure

from sslrecipes.visualization.labels import plain_label, visible_text


@pytest.mark.parametrize(
    ('name', 'label'),
    [
        ('Mu\u0308ller', 'M\u00fcller'),
        ('5$ or 6$', r'5\$ or 6\$'),
        ('caf\udce9', r'caf\udce9'),
        ('_run', ' _run'),
    ],
)
def test_names_are_shown_as_they_are(name, label):
    assert plain_label(name) == label
    axes = Figure().add_subplot()
    axes.plot([0], label=label)
    assert axes.get_legend_handles_labels()[1] == [label]


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('\u05e9\u05dc\u05d5\u05dd, caf\u00e9 \U0001f600\n\t', '\u05e9\u05dc\u05d5\u05dd, caf\u00e9 \U0001f600\n\t'),
        ('caf\udce9\x00\r', r'caf\udce9\x00\r'),
        ('gnp.\u202eexe', r'gnp.\u202eexe'),
    ],
)
def test_what_has_no_look_of_its_own_is_made_visible(text, shown):
    assert visible_text(text) == shown
