import csv
import importlib.util
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

import sslrecipes.datasets
import sslrecipes.engine
import sslrecipes.engine.knn_loop
import sslrecipes.models  # noqa: F401  registers
from sslrecipes.checkpoint.conversion.convert import to_official
from sslrecipes.checkpoint.conversion.layouts import wrap
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.commands import evaluate_knn as knn_directory
from sslrecipes.commands.evaluate_knn import evaluate_knn, find_checkpoints
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError, DataError
from sslrecipes.evaluation import features
from sslrecipes.export.backbone import read_backbone
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32)
VIT = dict(type='VisionTransformer', arch=ARCH, img_size=8, patch_size=4, out_type='raw')


def loader(split, indices):
    return dict(
        dataset=dict(type='Digits', split=split, indices=indices, pipeline=[dict(type='PackInputs')]),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        batch_size=64,
        num_workers=0,
    )


@pytest.fixture
def cfg():
    return Config(
        dict(
            default_scope='sslrecipes',
            model=dict(type='FeatureModel', backbone=VIT, final_norm=False),
            data_preprocessor=dict(type='ClsDataPreprocessor', mean=[78.0] * 3, std=[96.0] * 3),
            test_dataloader=loader('val', 60),
            test_cfg=dict(type='KNNLoop', ks=(1, 10), linear=dict(), bank=loader('train', 120)),
            test_evaluator=[],
            randomness=dict(seed=0),
        )
    )


@pytest.fixture
def checkpoints(cfg, tmp_path):
    """A folder of a run: three checkpoints of other weights, and what is none."""
    folder = tmp_path / 'run'
    folder.mkdir()
    for epoch in (2, 10, 9):
        torch.manual_seed(epoch)
        model = MODELS.build(cfg.model)
        model.init_weights()
        state = {**model.state_dict(), 'neck.weight': torch.zeros(2)}
        torch.save(dict(state_dict=state, meta=dict(epoch=epoch)), folder / f'epoch_{epoch}.pth')
    torch.save(dict(optimizer=dict(state={0: dict(exp_avg=torch.zeros(2))})), folder / 'optimizer.pth')
    (folder / 'cut.pth').write_bytes(b'PK\x03\x04')
    for name in ('last_checkpoint', '.run.lock', 'my.py', 'epoch_9.pth.superseded', 'epoch_9.pth.superseded-2'):
        (folder / name).write_text('epoch_10.pth')
    return folder


@pytest.fixture
def extractions(monkeypatch):
    """The data sets that features were extracted from, by their sizes."""
    sizes, extract = [], features._extract

    def counted(model, dataloader, *rest):
        sizes.append(len(dataloader.dataset))
        return extract(model, dataloader, *rest)

    monkeypatch.setattr(features, '_extract', counted)
    return sizes


def read(out):
    with (out / 'knn.csv').open(newline='') as stream:
        return list(csv.reader(stream))


def test_a_folder_in_natural_order(cfg, checkpoints, tmp_path, capsys, extractions):
    out, cache = tmp_path / 'out', tmp_path / 'cache'
    rows = evaluate_knn(cfg.copy(), [checkpoints], out, cache=cache, untrained=True)
    names = ['untrained', *(str(checkpoints / f'epoch_{epoch}.pth') for epoch in (2, 9, 10))]
    assert [(row.checkpoint, row.k) for row in rows] == [(name, k) for name in names for k in (1, 10)]
    table = read(out)
    assert table[0] == ['checkpoint', 'k', 'top1', 'top5', 'balanced']
    assert [[row[0], int(row[1]), *map(float, row[2:])] for row in table[1:]] == [list(row) for row in rows]
    assert (out / 'knn.png').read_bytes().startswith(b'\x89PNG')
    assert extractions == [60, 120] * 4

    printed = capsys.readouterr().out
    assert printed.count('skipped') == 2
    assert printed.splitlines()[0] == f'left out of {checkpoints}: 2 superseded checkpoints'
    assert f'skipped {checkpoints}/optimizer.pth: ' in printed
    assert 'it holds no weights' in printed
    assert f'skipped {checkpoints}/cut.pth: ' in printed

    other = dict(ks=(1, 5), temperature=0.5, cache=cache, untrained=True)
    again = evaluate_knn(cfg, [names[2]], tmp_path / 'other', **other)
    assert len(extractions) == 8
    assert [again[0], again[2]] == [rows[0], rows[4]]
    assert [row.k for row in again] == [1, 5, 1, 5]
    assert not (tmp_path / 'other' / 'knn.png').exists()


def test_an_interrupted_run_keeps_what_it_has(cfg, checkpoints, tmp_path, monkeypatch):
    evaluated = knn_directory._evaluated

    def interrupted(runner, candidate):
        if candidate.path.name == 'epoch_9.pth':
            raise KeyboardInterrupt
        return evaluated(runner, candidate)

    monkeypatch.setattr(knn_directory, '_evaluated', interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate_knn(cfg, [checkpoints], tmp_path)
    assert [row[0] for row in read(tmp_path)[1:]] == [str(checkpoints / 'epoch_2.pth')] * 2
    assert not list(tmp_path.glob('*.safetensors'))


def test_files_are_listed_once(checkpoints):
    file = checkpoints / 'epoch_9.pth'
    assert [candidate.path for candidate in find_checkpoints([file, checkpoints])].count(file) == 1


def test_a_file_that_is_named_must_be_a_checkpoint(cfg, checkpoints, tmp_path):
    with pytest.raises(CheckpointError, match='it holds no weights'):
        evaluate_knn(cfg, [checkpoints / 'optimizer.pth'], tmp_path)


def test_a_checkpoint_of_another_network_is_refused(cfg, checkpoints, tmp_path):
    cfg.model.backbone.arch.embed_dims = 32
    with pytest.raises(CoverageError, match=r'epoch_2\.pth" fills'):
        evaluate_knn(cfg, [checkpoints], tmp_path)


def test_a_diverged_network_is_refused(cfg, checkpoints, tmp_path):
    file = checkpoints / 'epoch_2.pth'
    checkpoint = torch.load(file)
    checkpoint['state_dict']['backbone.cls_token'].fill_(torch.nan)
    torch.save(checkpoint, file)
    with pytest.raises(DataError, match='not finite'):
        evaluate_knn(cfg, [file], tmp_path)


def test_nothing_to_evaluate(cfg, tmp_path):
    with pytest.raises(CheckpointError, match='There is no checkpoint or folder'):
        find_checkpoints([tmp_path / 'no'])
    with pytest.raises(CheckpointError, match=r'There is no checkpoint \(\.pth, '):
        find_checkpoints([tmp_path])
    (tmp_path / 'epoch_1.pth').write_bytes(b'nothing')
    with pytest.raises(CheckpointError, match='There is no checkpoint to evaluate'):
        evaluate_knn(cfg, [tmp_path], tmp_path)


def test_impossible_options(cfg, checkpoints, tmp_path):
    with pytest.raises(ConfigError, match='the bank has 120'):
        evaluate_knn(cfg.copy(), [checkpoints], tmp_path, ks=(121,))
    with pytest.raises(ConfigError, match='at least 1'):
        evaluate_knn(cfg.copy(), [checkpoints], tmp_path, ks=(0,))
    cfg.test_cfg.type = 'TestLoop'
    with pytest.raises(ConfigError, match='evaluates no k-NN'):
        evaluate_knn(cfg, [checkpoints], tmp_path)


@pytest.fixture(scope='module')
def tool():
    """``main`` of the tool."""
    spec = importlib.util.spec_from_file_location('evaluate_knn', Path(__file__).parents[2] / 'tools/evaluate_knn.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_tool_keeps_features_beside_the_results(cfg, checkpoints, tmp_path, tool, capsys):
    config, out = tmp_path / 'knn.py', tmp_path / 'out'
    cfg.dump(config)
    file = str(checkpoints / 'epoch_2.pth')
    tool([str(config), file, '--out', str(out), '--ks', '3', '--temperature', '0.1'])
    assert [row[:2] for row in read(out)[1:]] == [['untrained', '3'], [file, '3']]
    assert len(list((out / 'features').glob('*.safetensors'))) == 4
    bare = ['--out', str(tmp_path / 'bare'), '--no-cache', '--no-untrained']
    tool([str(config), file, *bare, '--cfg-options', 'test_cfg.ks=[4]'])
    assert [row[:2] for row in read(tmp_path / 'bare')[1:]] == [[file, '4']]
    assert not (tmp_path / 'bare' / 'features').exists()
    printed = capsys.readouterr().out
    assert f'written: {out / "knn.csv"}' in printed
    assert 'knn.png' not in printed


def test_tool_does_not_write_over_its_config(cfg, tmp_path, tool, capsys):
    config = tmp_path / 'knn.py'
    cfg.dump(config)
    (tmp_path / 'a.pth').touch()
    with pytest.raises(SystemExit, match='2'):
        tool([str(config), str(tmp_path / 'a.pth'), '--out', str(config)])
    assert capsys.readouterr().err == f'error: "{config}" is read and would be written over: give another OUT.\n'


def test_tool_tells_all_that_it_wrote(cfg, checkpoints, tmp_path, tool, capsys):
    cfg.dump(tmp_path / 'knn.py')
    tool([str(tmp_path / 'knn.py'), str(checkpoints), '--out', str(tmp_path / 'out'), '--ks', '3', '--no-cache'])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f'written: {tmp_path}/out/{name}' for name in ('knn.csv', 'knn.png')
    ]


def test_tool_says_mistakes_in_one_line(cfg, tmp_path, tool, capsys):
    config = tmp_path / 'knn.py'
    cfg.dump(config)
    with pytest.raises(SystemExit) as ended:
        tool([str(config), str(tmp_path / 'none'), '--out', str(tmp_path / 'out')])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith('error: There is no checkpoint or folder')


RESNET = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8, zero_init_residual=False)
NECK = dict(type='MLPNeck', in_channels=64, hidden_channels=4, out_channels=4)
PREDICTOR = dict(in_channels=4, hidden_channels=4, out_channels=4)
METHODS = {
    'MoCo': dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=4, queue_length=8),
    'BYOL': dict(type='PredictionHead', predictor=PREDICTOR, distance='squared'),
    'SimCLR': dict(type='SimCLRHead'),
    'SimSiam': dict(type='PredictionHead', predictor=PREDICTOR, distance='cosine'),
}


def run_of(method):
    """Weights of a method, all with the same backbone; what follows it has other weights and statistics."""
    names = MODELS.build(dict(type=method, backbone=RESNET, neck=NECK, head=METHODS[method])).state_dict()
    state = {
        name: value + torch.rand_like(value) if value.is_floating_point() else value for name, value in names.items()
    }
    torch.manual_seed(0)
    trained = MODELS.build(RESNET)
    trained.init_weights()
    trained(torch.rand(4, 3, 32, 32))  # running statistics
    return state | {f'backbone.{name}': value for name, value in trained.state_dict().items()}


def test_the_trained_network_is_evaluated_and_exported_whatever_follows_it(cfg, tmp_path):
    """With its own statistics of batch norms; MoCo's query encoder, BYOL's online network, also of official files."""
    runs = {method: run_of(method) for method in METHODS}
    files = {method: {'state_dict': state} for method, state in runs.items()}
    files['official MoCo'] = wrap(to_official(runs['MoCo'], 'moco'), 'moco')
    files['official BYOL'] = wrap(to_official(runs['BYOL'], 's3l-byol'), 's3l-byol')
    backbone = {name: value for name, value in runs['BYOL'].items() if name.startswith('backbone.')}
    paths = [save_torch(tmp_path / f'{name}.pth', held) for name, held in {'bare': backbone, **files}.items()]
    cfg.model = dict(type='FeatureModel', backbone=RESNET)
    rows = evaluate_knn(cfg, paths, tmp_path / 'out')
    assert len(rows) == 2 * len(paths)
    assert len({row[1:] for row in rows}) == 2
    for path in paths:
        bare = read_backbone(path).weights
        assert all(torch.equal(bare[name], backbone[f'backbone.{name}']) for name in bare), path
    for method, prefix in {'MoCo': 'momentum_encoder.backbone.', 'BYOL': 'teacher.backbone.'}.items():
        follower = read_backbone(tmp_path / f'{method}.pth', prefix).weights
        assert not torch.equal(follower['bn1.running_mean'], backbone['backbone.bn1.running_mean'])
