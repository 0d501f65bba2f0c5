import pytest
from matplotlib.figure import Figure

from sslrecipes.visualization.labels import plain_label


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
