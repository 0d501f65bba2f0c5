"""Run a stored SSLight training through the runner, the loop, the hooks, the optimizer and the schedules of a recipe.

``train_and_compare`` builds a recipe from a case, loads the stored weights under our names, feeds the stored views and
compares every stored value.
"""

import re
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from sslight_recipe import recipe_of
from torch import nn

from sslrecipes.checkpoint.conversion.keymaps import sslight
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.models.layers.momentum_network import MomentumNetwork

KEYMAPS = {'DINO': sslight.dino, 'SWAV': sslight.swav, 'MOCO': sslight.moco}


class Notes(Hook):
    """Load the stored weights, and note down what the case has stored of each step and epoch.

    Args:
        state: Weights under our names.
        values: Per stored name the method that knows it, such as 'neck.forward', and a function of its arguments and
            its result.
        buffers: Per stored name a function of the model.
    """

    priority = 'LOWEST'

    def __init__(self, state, values, buffers):
        self.state, self.values, self.buffers = state, values, buffers
        self.steps, self.epochs, self.groups, self.momenta = [], [], {}, []

    def before_train(self, runner):
        model = runner.model
        missing, unexpected = model.load_state_dict(self.state, strict=False)
        buffers = {name for name, _ in model.named_buffers() if name.startswith('head.')}
        assert not unexpected
        assert set(missing) <= buffers
        for name, (place, value) in self.values.items():
            listen(model, place, partial(self._note, name, value))
        for name, module in model.named_modules():
            if isinstance(module, MomentumNetwork):
                listen(model, f'{name}.update', lambda args, _: self.momenta.append(args[0]))
        for group in runner.optim_wrapper.optimizer.param_groups:
            self.groups |= {id(parameter): dict(group) for parameter in group['params'] if parameter.requires_grad}

    def before_train_epoch(self, runner):
        runner.train_dataloader.dataset.epoch = runner.epoch

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        groups = runner.optim_wrapper.optimizer.param_groups
        (lr,) = {group['lr'] for group in groups}
        self.steps.append(dict(lr=lr, wd=max(group['weight_decay'] for group in groups)))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        losses = {name: value for name, value in outputs.items() if 'loss' in name and name != 'loss'}
        self.steps[-1]['probe_loss'] = losses.pop('loss_probe')
        (self.steps[-1]['ssl_loss'],) = losses.values()

    def after_train_epoch(self, runner):
        state = {name: value.clone() for name, value in runner.model.state_dict().items()}
        self.epochs.append((state, {name: value(runner.model).clone() for name, value in self.buffers.items()}))

    def _note(self, name, value, args, result):
        noted = value(args, result)
        self.steps[-1][name] = noted.detach().clone() if isinstance(noted, torch.Tensor) else noted


def listen(model, place, note):
    """Call ``note(args, result)`` after each call of the method at ``place``."""
    owner, _, name = place.rpartition('.')
    module = model.get_submodule(owner)
    method = getattr(module, name)

    def heard(*args, **kwargs):
        result = method(*args, **kwargs)
        note(args, result)
        return result

    setattr(module, name, heard)


def names_of(case):
    """Our name of each stored tensor."""
    keymap = KEYMAPS[case.hyper['method']](backbone=(('encoder.{i}.', 'backbone.encoder.{i}.'),))
    official = (*case.part('state/'), *case.meta['param_requires_grad'])
    return {name: ours for name in official for ours in keymap.to_ours({name: None})}


def train_and_compare(case, work_dir, values, buffers=None):
    """Train as the case did and compare: groups, schedules, losses, stored values, states.

    Args:
        case: The case.
        work_dir: Directory of the run.
        values: See :class:`Notes`; 'features' and 'probe_logits' go without saying.
        buffers: Per name in ``out/<name>_after_epoch<e>`` a function of the model.
    """
    names = names_of(case)
    state = {names[official]: value for official, value in case.part('state/').items()}
    values = {
        'features': ('neck.forward', lambda args, _: args[0]),
        'probe_logits': ('probe.forward', lambda _, logits: logits),
        **values,
    }
    notes = Notes(state, values, buffers or {})
    runner = SSLRunner.from_cfg(Config(recipe_of(case, work_dir)))
    runner.register_hook(notes)
    with threads(case.meta['environment']['threads']):
        runner.train()
    compare_groups(case, runner.model, notes.groups, names)
    compare_steps(case, notes.steps, notes.momenta)
    compare_epochs(case, notes.epochs, state, names, rounding(runner.model.neck, case, state, names))


@contextmanager
def threads(number):
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def compare_groups(case, model, groups, names):
    for official, trained in case.meta['param_requires_grad'].items():
        assert model.get_parameter(names[official]).requires_grad == trained, official
    decay = case.meta['steps'][0]['wd']
    for expected in case.meta['param_groups']:
        for official in expected['params']:
            parameter = model.get_parameter(names[official])
            group = groups.pop(id(parameter))
            torch.testing.assert_close(group['weight_decay'], expected['wd_factor'] * decay, rtol=1e-9, atol=0)
            if 'adapt' in group:
                adapted = group['adapt'] and (parameter.ndim > 1 or group['adapt_vectors'])
                assert adapted != expected['lars_exclude'], official
    assert not groups, 'parameters are trained that officially are not'


def compare_steps(case, steps, momenta):
    """Tolerances: losses rtol 1e-4 at first and 1e-3 later, values rtol 1e-3, atol 1e-5; schedules are exact."""
    assert len(steps) == len(case.meta['steps'])
    stored = [step['ema'] for step in case.meta['steps'] if step['ema'] is not None]
    torch.testing.assert_close(momenta, stored, rtol=1e-9, atol=1e-12)
    for number, (noted, expected) in enumerate(zip(steps, case.meta['steps'], strict=True)):
        tolerance = dict(rtol=1e-3 if number else 1e-4, atol=0)
        for which in ('lr', 'wd'):
            torch.testing.assert_close(noted[which], expected[which], rtol=1e-9, atol=1e-12)
        for which in ('ssl_loss', 'probe_loss'):
            torch.testing.assert_close(noted[which].item(), expected[which], **tolerance)
        for which, value in case.part(f'out/step{number}/').items():
            actual = torch.as_tensor(noted[which]).reshape(value.shape)
            message = partial('step {}, {}: {}'.format, number, which)
            torch.testing.assert_close(actual, value, rtol=1e-3, atol=1e-5, msg=message)


def compare_epochs(case, epochs, before, names, slack):
    """Tolerances: states rtol 1e-3, changes of parameters and statistics rtol 1e-2; atol 1e-5, or ``slack``."""
    stored = {int(found) for key in case.part('out/') for found in re.findall(r'_after_epoch(\d+)', key)}
    assert stored == set(range(len(epochs)))
    for epoch, (state, buffers) in enumerate(epochs):
        expected = {names[name]: value for name, value in case.part(f'out/state_after_epoch{epoch}/').items()}
        for name, value in expected.items():
            actual, start = state.pop(name).float(), before[name]
            atol = slack.get(name, 1e-5)
            message = partial('epoch {}, {}: {}'.format, epoch, name)
            torch.testing.assert_close(actual, value, rtol=1e-3, atol=atol, msg=message)
            torch.testing.assert_close(actual - start, value - start, rtol=1e-2, atol=atol, msg=message)
        assert not set(state) & set(before), 'the case has not stored everything that it started from'
        for key, value in case.part('out/').items():
            if key.endswith(f'_after_epoch{epoch}'):
                actual = buffers[key.removesuffix(f'_after_epoch{epoch}')]
                torch.testing.assert_close(actual, value, rtol=1e-3, atol=1e-5)


def rounding(neck, case, before, names):
    """How far roundings alone may carry weights, by name.

    A bias before a batch norm has no effect and a gradient of 0. What changes it is rounding, even in official code,
    and another processor or number of threads makes as much of it, of either sign; the batch norm's running mean takes
    it over. Where an optimizer doesn't blow roundings up, as AdamW does, the tolerance is that of all weights.
    """
    biases = [
        (f'{prefix}.{name}.bias', f'{prefix}.{following}.running_mean')
        for prefix, module in neck.named_modules(prefix='neck')
        if isinstance(module, nn.Sequential)
        for (name, layer), (following, norm) in pairwise(module.named_children())
        if isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d)
    ]
    last = case.part(f'out/state_after_epoch{case.hyper["epochs"] - 1}/')
    expected = {names[name]: value for name, value in last.items()}
    slack = {}
    for bias, mean in biases:
        carried = max(1e-5, 4 * (expected[bias] - before[bias]).abs().max().item())  # a teacher gets no more of it
        slack |= {name: carried for name in expected if name.endswith((bias, mean))}
    return slack
