import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from sslrecipes.commands.data_benchmark import (
    DECODING,
    PLAIN,
    compare_backends,
    find_multi_crop,
    measure_data,
    photographs,
    print_data_speed,
    read_image_files,
    torchvision_pipeline,
)
from sslrecipes.datasets.images.decoding import decode_image
from sslrecipes.datasets.transforms import MultiCrop
from sslrecipes.errors import ConfigError, DataError

ROOT = Path(__file__).parents[2]
SMALL = dict(global_size=32, local_size=16, num_locals=1)


def test_everything_is_measured_and_printed(capsys):
    threads = torch.get_num_threads()
    speed = measure_data(SMALL, photographs()[:2], seconds=0.1)
    rates = speed.images_per_second
    assert list(rates) == [DECODING, PLAIN, 'pillow', 'opencv']
    assert rates[DECODING] == max(rates.values())
    assert min(rates.values()) > 1
    assert speed.rounds >= 1
    assert torch.get_num_threads() == threads
    print_data_speed(speed)
    out = capsys.readouterr().out
    assert '100.0%' in out
    assert "backend='opencv'" in out


def test_backends_differ_by_a_few_grey_levels():
    images = [decode_image(data) for data in photographs()[::4]]
    differences = compare_backends(MultiCrop().views, images, repeats=1)
    assert 0 < differences.mean < 1
    assert differences.mean < differences.percentile <= 12
    assert differences.percentile < differences.largest <= 50


def test_plain_torchvision_makes_the_same_kind_of_views():
    crop, data = MultiCrop(**SMALL), photographs()[3]
    theirs = torchvision_pipeline(crop.views)(data)
    assert [tuple(view.shape) for view in theirs] == [(3, 32, 32), (3, 32, 32), (3, 16, 16)]
    assert {view.dtype for view in theirs} == {torch.uint8}
    ours = [crop({'img': decode_image(data)})['img'][:2] for _ in range(200)]
    plain = [torchvision_pipeline(crop.views[:2])(data) for _ in range(200)]
    means = [
        np.array([[view.mean((0, 1))[::-1] for view in views] for views in ours]).mean(0),
        np.array([[view.numpy().mean((1, 2)) for view in views] for views in plain]).mean(0),
    ]
    assert np.abs(means[0] - means[1]).max() < 8  # RGB of both global views


def test_photographs_are_of_imagenets_usual_size():
    files = photographs()
    assert len(files) > 10
    assert {decode_image(data).shape for data in files} == {(375, 500, 3)}


def test_options_come_from_the_recipe(mae_on_digits, tmp_path):
    pipeline = mae_on_digits.train_dataloader.dataset.pipeline
    (tmp_path / 'without.py').write_text(mae_on_digits.pretty_text)
    with pytest.raises(ConfigError, match='no MultiCrop'):
        find_multi_crop(tmp_path / 'without.py')
    pipeline[0] = dict(type='MultiCrop', **SMALL)
    (tmp_path / 'with.py').write_text(mae_on_digits.pretty_text)
    assert find_multi_crop(tmp_path / 'with.py') == SMALL


def test_images_come_from_all_over_a_folder(tmp_path):
    data = photographs()[0]
    for number in range(150):
        (tmp_path / f'{number:03}.jpg').write_bytes(data)
    assert read_image_files(tmp_path) == [data] * 50
    (tmp_path / '000.jpg').write_bytes(data[:-2000])
    with pytest.raises(DataError, match=r'"000\.jpg" is bad'):
        read_image_files(tmp_path)
    with pytest.raises(DataError, match='does not exist'):
        read_image_files(tmp_path / 'absent')


def test_the_tool_has_both_modes(monkeypatch, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location('benchmark', ROOT / 'tools/benchmark.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    (tmp_path / 'a.jpg').write_bytes(photographs()[0])
    tool.main(['data', '--images', str(tmp_path), '--seconds', '0.1'])
    assert 'views from image files' in capsys.readouterr().out
    assert tool.parse_args(['x.py', '--steps', '2']).recipes == ['x.py']
