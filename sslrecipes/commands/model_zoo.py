"""The model-zoo tables of the documents: what ``tools/model_zoo.py`` does."""

from __future__ import annotations

from pathlib import Path

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.cards import read_index
from sslrecipes.zoo.documents import with_current_table, zoo_documents


def update_tables(root: Path, write: bool) -> bool:
    """Compare each document with its current table; write it or report it.

    Args:
        root: Folder of the repository.
        write: Whether tables that are out of date are written.

    Returns:
        Whether all tables are up to date now.

    Raises:
        ConfigError: A card or a document isn't as it must be.
    """
    cards, outdated = read_index(root), []
    for card in cards:
        if not (root / card.config).is_file():
            raise ConfigError(f'{card.name}: there is no config "{card.config}".')
    for document in zoo_documents(root):
        current = with_current_table(document, root, cards)
        if current != document.read_text(encoding='utf-8'):
            outdated.append(document)
            if write:
                document.write_text(current, encoding='utf-8')
    for document in outdated:
        print(f'{"wrote" if write else "out of date:"} {document.relative_to(root)}')
    return write or not outdated
