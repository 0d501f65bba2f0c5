import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.engine.nonfinite.record import from_plain, read_record, to_plain
from sslrecipes.errors import CheckpointError


class Index(int):
    """An int of another type."""


def test_a_batch_survives_the_file(tmp_path):
    sample = DataSample(metainfo=dict(img_shape=(8, 8), sample_idx=Index(3))).set_gt_label(7)
    batch = dict(inputs=[torch.rand(2, 3), torch.rand(2, 3)], data_samples=[sample], box=np.arange(4), note=None)
    save_torch(tmp_path / 'batch.pth', {'batch': to_plain(batch)})
    back = from_plain(read_checkpoint(tmp_path / 'batch.pth', sealed=True)['batch'])
    assert all(map(torch.equal, back['inputs'], batch['inputs']))
    assert type(back['data_samples'][0]) is DataSample
    assert back['data_samples'][0].img_shape == (8, 8)
    assert back['data_samples'][0].sample_idx == 3
    assert back['data_samples'][0].gt_label.tolist() == [7]
    assert back['box'].tolist() == [0, 1, 2, 3]


def test_code_is_not_stored():
    with pytest.raises(CheckpointError, match='a type can not be stored'):
        to_plain({'model': [{'type': DataSample}]})


def test_other_files_are_refused(tmp_path):
    save_torch(tmp_path / 'epoch_1.pth', {'state_dict': {}})
    with pytest.raises(CheckpointError, match='no record of a step'):
        read_record(tmp_path / 'epoch_1.pth')
