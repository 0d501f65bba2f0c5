"""The documents that hold a model-zoo table."""

import re
from pathlib import Path

import pytest

from sslrecipes.zoo.documents import with_current_table, zoo_documents

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [path.relative_to(ROOT).as_posix() for path in zoo_documents(ROOT)]


@pytest.mark.parametrize('document', DOCUMENTS)
def test_table_is_current(cards, document):
    """``python tools/model_zoo.py --write`` brings it up to date."""
    path = ROOT / document
    assert with_current_table(path, ROOT, list(cards.values())) == path.read_text(encoding='utf-8')


@pytest.mark.parametrize('document', DOCUMENTS)
def test_configs_named_in_commands_exist(document):
    named = re.findall(r'\bconfigs/[\w/.-]+\.py\b', (ROOT / document).read_text(encoding='utf-8'))
    absent = [config for config in named if not (ROOT / config).is_file()]
    assert [config for config in absent if '/my-' not in config] == []  # the reader's own
