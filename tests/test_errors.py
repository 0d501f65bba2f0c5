import pytest

from sslrecipes.errors import counted


@pytest.mark.parametrize(
    ('number', 'noun', 'text'),
    [
        (0, 'image', '0 images'),
        (1, 'other file', '1 other file'),
        (2, 'class', '2 classes'),
        (3, 'batch', '3 batches'),
        (3, 'epoch', '3 epochs'),
        (1, 'epoch', '1 epoch'),
        (1, 'class', '1 class'),
    ],
)
def test_nouns_agree_with_their_numbers(number, noun, text):
    assert counted(number, noun) == text
