import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from mmpretrain.structures import DataSample

from sslrecipes.errors import DataError
from sslrecipes.models.heads.joint_probe import JointProbe


def test_loss_and_accuracy(labelled):
    probe, features = JointProbe(4, 3), torch.randn(5, 4)
    labels = probe(features).argmax(1)
    labels[0] = (labels[0] + 1) % 3
    losses = probe.loss(features, labelled(*labels.tolist()))
    torch.testing.assert_close(losses['loss_probe'], F.cross_entropy(probe(features), labels))
    assert losses['probe_top1'].item() == pytest.approx(80)


def test_passes_no_gradient_to_the_features(labelled):
    probe, features = JointProbe(4, 3), torch.randn(2, 4, requires_grad=True)
    probe.loss(features, labelled(0, 2))['loss_probe'].backward()
    assert features.grad is None
    assert probe.weight.grad is not None


@pytest.mark.parametrize('samples', [None, [], [DataSample()], [DataSample().set_gt_label([0, 1])]])
def test_data_without_one_label_each_are_refused(samples):
    with pytest.raises(DataError, match='exactly one gt_label per image'):
        JointProbe(4, 3).loss(torch.randn(1, 4), samples)


def test_predicts_classes(labelled):
    probe, features = JointProbe(4, 3), torch.randn(2, 4)
    samples = probe.predict(features, labelled(0, 2))
    assert [sample.gt_label.item() for sample in samples] == [0, 2]
    assert torch.cat([sample.pred_label for sample in samples]).equal(probe(features).argmax(1))
    torch.testing.assert_close(samples[1].pred_score, probe(features)[1].softmax(0))
    assert samples[0].feature.equal(features[0])
