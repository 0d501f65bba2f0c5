"""Steps of MoCo v3 with a ViT against plain torch."""

import copy
import math
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sslrecipes.engine.schedulers import WarmupCosineLR
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS, OPTIM_WRAPPERS, OPTIMIZERS

WIDTH, HEADS, DEPTH, PATCH, SIDE, BATCH = 16, 4, 2, 4, 8, 6
HIDDEN, OUT = 12, 8
TEMPERATURE, MOMENTUM, LENGTH, EPOCHS = 0.2, 0.9, 4, 3
PEAK, DECAY = 3e-3, 0.1


def mlp(incoming, layers, last_norm=True):
    """The official ``_build_mlp``."""
    widths = [incoming, *[HIDDEN] * (layers - 1), OUT]
    parts = []
    for number, (one, other) in enumerate(pairwise(widths)):
        parts.append(nn.Linear(one, other, bias=False))
        if number < layers - 1:
            parts += [nn.BatchNorm1d(other), nn.ReLU()]
        elif last_norm:
            parts.append(nn.BatchNorm1d(other, affine=False))
    return nn.Sequential(*parts)


class PlainBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH, eps=1e-6) for _ in range(2))
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = self.qkv(self.norms[0](x)).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(2, 3) / math.sqrt(WIDTH / HEADS)).softmax(dim=3)
        x = x + self.out((weights @ v).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norms[1](x))))


class PlainEncoder(nn.Module):
    """ViT whose class token goes through a projection of three layers."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH).requires_grad_(False)
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.zeros(1, 1 + (SIDE // PATCH) ** 2, WIDTH), requires_grad=False)
        self.blocks = nn.ModuleList(PlainBlock() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.projection = mlp(WIDTH, 3)

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.projection(self.norm(x)[:, 0])


def ours():
    torch.manual_seed(0)
    arch = dict(embed_dims=WIDTH, num_layers=DEPTH, num_heads=HEADS, feedforward_channels=2 * WIDTH)
    norms = dict(hidden_channels=HIDDEN, out_channels=OUT, with_bn=True, bias=False, last_bias=False, last_norm='plain')
    model = MODELS.build(
        dict(
            type='MoCoV3',
            backbone=dict(type='MoCoV3ViT', arch=arch, img_size=SIDE, patch_size=PATCH, stop_grad_conv1=True),
            neck=dict(type='MLPNeck', in_channels=WIDTH, num_layers=3, **norms),
            head=dict(type='MoCoV3Head', predictor=dict(in_channels=OUT, **norms), temperature=TEMPERATURE),
            base_momentum=MOMENTUM,
        )
    )
    model.init_weights()
    return model.double().train()  # or Adam makes steps of roundings


def plain_of(model):
    """Plain encoder and predictor with the same weights."""
    encoder, backbone = PlainEncoder().double(), model.backbone
    pairs = [(encoder.patches, backbone.patch_embed.projection), (encoder.norm, backbone.ln1)]
    for block, layer in zip(encoder.blocks, backbone.layers, strict=True):
        pairs += [(block.norms[0], layer.ln1), (block.norms[1], layer.ln2), (block.qkv, layer.attn.qkv)]
        pairs += [(block.out, layer.attn.proj), (block.up, layer.ffn.layers[0][0]), (block.down, layer.ffn.layers[1])]
    pairs.append((encoder.projection, model.neck.mlp))
    predictor = mlp(OUT, 2).double()
    for plain, part in [*pairs, (predictor, model.head.predictor.mlp)]:
        plain.load_state_dict(part.state_dict())
    encoder.token.data.copy_(backbone.cls_token.data)
    encoder.positions.data.copy_(backbone.pos_embed.data)
    return encoder, predictor, pairs


def trained_of(model):
    """All parameters but those that follow."""
    return {name: value for name, value in model.named_parameters() if not name.startswith('momentum_encoder.')}


def views(step):
    generator = torch.Generator().manual_seed(step)
    return [torch.randn(BATCH, 3, SIDE, SIDE, generator=generator, dtype=torch.double) for _ in range(2)]


def contrast(queries, keys):
    logits = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T / TEMPERATURE
    return 2 * TEMPERATURE * F.cross_entropy(logits, torch.arange(BATCH))


def plain_steps(encoder, predictor, steps):
    """The official loop with AdamW on every parameter; yields each loss."""
    follower = copy.deepcopy(encoder).requires_grad_(False)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *predictor.parameters()], lr=PEAK, weight_decay=DECAY)
    for step in range(steps):
        epoch = step / LENGTH
        kept = 1 - 0.5 * (1 + math.cos(math.pi * epoch / EPOCHS)) * (1 - MOMENTUM)
        rate = PEAK * epoch if epoch < 1 else PEAK * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / (EPOCHS - 1)))
        optimizer.param_groups[0]['lr'] = rate
        one, two = views(step)
        first, second = predictor(encoder(one)), predictor(encoder(two))
        for followed, parameter in zip(encoder.parameters(), follower.parameters(), strict=True):
            parameter.data = parameter.data * kept + followed.data * (1 - kept)
        loss = contrast(first, follower(two)) + contrast(second, follower(one))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


def test_steps_with_a_vit_and_adamw():
    """From a learning rate of 0, over the warm-up's end; everything trained is decayed, norms and biases included."""
    model, steps = ours(), 6
    encoder, predictor, pairs = plain_of(model)
    expected = list(plain_steps(encoder, predictor, steps))
    optimizer = dict(type='AdamW', lr=PEAK, weight_decay=DECAY)
    built = OPTIMIZERS.build(optimizer, default_args=dict(params=model.parameters()))
    wrapper = OPTIM_WRAPPERS.build(dict(type='OptimWrapper'), default_args=dict(optimizer=built))
    schedule = WarmupCosineLR(wrapper, epochs=EPOCHS, warmup_epochs=1, epoch_length=LENGTH)
    before = {name: value.clone() for name, value in model.named_parameters()}
    for step in range(steps):
        schedule.move(step - schedule.last_step)
        model.begin_step(Progress(step, LENGTH, EPOCHS))
        (loss,) = model(views(step), mode='loss').values()
        torch.testing.assert_close(loss.item(), expected[step], rtol=1e-9, atol=0)
        wrapper.update_params(loss)
        if step == 0:
            assert all(torch.equal(value, before[name]) for name, value in trained_of(model).items())
    for plain, part in [*pairs, (predictor, model.head.predictor.mlp)]:
        torch.testing.assert_close(part.state_dict(), plain.state_dict(), rtol=1e-6, atol=1e-9)
    assert [name for name, value in trained_of(model).items() if torch.equal(value, before[name])] == [
        *('backbone.pos_embed', 'backbone.patch_embed.projection.weight', 'backbone.patch_embed.projection.bias'),
    ]
