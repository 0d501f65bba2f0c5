import pytest


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write config files, each of which inherits the one before, and return the name of the last."""
    monkeypatch.chdir(tmp_path)

    def write_files(*texts):
        for number, text in enumerate(texts):
            base = f"_base_ = 'c{number - 1}.py'\n" if number else ''
            (tmp_path / f'c{number}.py').write_text(base + text)
        return f'c{len(texts) - 1}.py'

    return write_files
