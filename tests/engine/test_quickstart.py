import json

from safetensors.torch import load_file

from sslrecipes.engine.quickstart import EXPORTED, run


def test_one_epoch_ends_with_every_promised_file(tmp_path, capsys):
    results = run(tmp_path, epochs=1)
    assert [result.network.name for result in results] == ['random', 'MAE base', 'TEC']
    assert all(0 < score <= 100 for result in results for score in result.scores())
    for name in ('reconstruction.png', 'loss_curves.png', 'report.md', 'mae/epoch_1.pth', 'tec/epoch_1.pth'):
        assert (tmp_path / name).stat().st_size > 0, name
    assert not [name for name in load_file(tmp_path / EXPORTED) if name.startswith(('backbone', 'cls_token_mlp'))]
    numbers = json.loads((tmp_path / 'results.json').read_text())
    assert [row['model'] for row in numbers['results']] == ['random', 'MAE base', 'TEC']
    printed = capsys.readouterr().out
    for word in ('images/s', 'linear balanced', 'Next steps', 'tools/dist_train.sh'):
        assert word in printed
