"""Whether embeddings differ, where nothing tells."""

from pathlib import Path

import pytest

from sslrecipes.reports.judgements.embeddings import embeddings
from sslrecipes.reports.run_config import RunConfig
from sslrecipes.reports.run_record import RunRecord


@pytest.mark.parametrize(
    ('hooks', 'words'),
    [
        ([], 'add `CollapseHook` to the recipe'),
        ([dict(type='CollapseHook', interval=50)], 'too short for the first look of `CollapseHook` after 50 steps'),
        ([dict(type='CollapseHook')], 'after 20 steps'),
    ],
)
def test_what_is_missing_is_told(hooks, words):
    found = embeddings(RunRecord(Path('run'), RunConfig({'custom_hooks': hooks}), {})).finding
    assert found.verdict == 'unclear'
    assert words in found.answer
