"""Official files of MAE-priv in detectors and segmentors: whole, verified, and with the official features."""

import pytest
import torch
from golden.mae_priv_models import body
from mmpretrain.models import VisionTransformer
from torch import nn

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.transfer.loading import load_backbone
from sslrecipes.transfer.verify import verify_backbone
from sslrecipes.transfer.vitdet import ViTDet


class Model(nn.Module):
    """Anything with a backbone."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone


def segmentor(**options):
    return Model(VisionTransformer(**options, out_type='featmap', final_norm=False))


def detector(img_size, **options):
    windows = dict(window_size=2, global_blocks=1, use_rel_pos=True, input_size=2 * img_size)
    return Model(ViTDet(img_size=img_size, **options, **windows))


def filled(build, case, folder):
    path = save_torch(folder / 'official.pth', {'model': case.part('state/')})
    model = build(**body(case.hyper))
    coverage = load_backbone(model, path)
    assert coverage.ratio == 1.0
    assert all('rel_pos' in name for name in coverage.fresh)
    return model, path


@pytest.mark.parametrize('build', [segmentor, detector])
@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls', 'mae_priv/linprobe_gap_sgd')
def test_backbone_is_whole_and_verified(case, build, tmp_path):
    model, path = filled(build, case, tmp_path)
    assert verify_backbone(model, path).difference <= 1e-5


@torch.no_grad()
@pytest.mark.parametrize('build', [segmentor, detector])
@pytest.mark.golden('mae_priv/finetune_gap')
def test_mean_of_the_map_is_the_official_feature(case, build, tmp_path):
    backbone = filled(build, case, tmp_path)[0].eval().backbone
    features = getattr(backbone, 'plain_features', lambda images: backbone(images)[-1])(case['in/imgs'])
    torch.testing.assert_close(features.mean(dim=(2, 3)), case['out/pooled'], rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.golden('mae_priv/finetune_cls')
def test_class_token_is_the_official_feature(case, tmp_path):
    backbone = filled(segmentor, case, tmp_path)[0].eval().backbone
    backbone.out_type = 'cls_token'
    torch.testing.assert_close(backbone(case['in/imgs'])[-1], case['out/pooled'], rtol=1e-4, atol=1e-5)
