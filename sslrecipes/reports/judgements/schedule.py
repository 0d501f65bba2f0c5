"""Does the learning rate fit?"""

from __future__ import annotations

from sslrecipes.reports.contents import Setting
from sslrecipes.reports.judgements.judgement import Judgement, judged
from sslrecipes.reports.judgements.length import too_short, warm_up
from sslrecipes.reports.run_config import CHANGED
from sslrecipes.reports.run_record import RunRecord

QUESTION = 'Does the learning rate fit?'
#: Factor between a learning rate and that of its recipe, scaled with the batch, beyond which it is pointed out.
FAR = 4.0


def schedule(run: RunRecord, settings: list[Setting], fails: bool) -> Judgement:
    """Look at the learning rate as it was logged, and as far as it was changed.

    Args:
        run: The run.
        settings: How its recipe differs.
        fails: Whether the run doesn't learn: then a rate far from the recipe's is suspected.
    """
    curve = run.curve('base_lr', 'lr')
    if not curve:
        return judged(QUESTION, 'unclear', 'No learning rate was logged.')
    highest = max(curve.values)
    if highest == 0:
        return judged(QUESTION, 'bad', 'It was 0: nothing can be learnt.', 'fails', 'its learning rate is 0')
    told = f'It rose to {highest:.3g} and was {curve.values[-1]:.3g} at the end'
    if run.epoch and run.epoch <= warm_up(run):
        told = f'It was {curve.values[-1]:.3g} at the end, still in the warm-up'
    factor = factor_of_recipe(settings)
    if factor is None or 1 / FAR <= factor <= FAR:
        return judged(QUESTION, 'fact', f'{told}.{_hint(run)}')
    how = f'{factor:,.0f} times' if factor > 1 else f'1/{1 / factor:,.0f} of'
    odd = f'{told}: {how} what its recipe would have for this batch'
    if fails:
        reason = f'its learning rate is {how} that of its recipe for this batch, which may be why'
        return judged(
            QUESTION, 'bad', f'Probably not: {odd[0].lower()}{odd[1:]}, and the run does not learn.', 'trouble', reason
        )
    return judged(QUESTION, 'unclear' if too_short(run) else 'fact', f'{odd}.')


def factor_of_recipe(settings: list[Setting]) -> float | None:
    """Learning rate of a run over that of its recipe, both per image of a step; None if it wasn't changed."""
    changed = {setting.place: setting for setting in settings if setting.origin == CHANGED}
    rate = changed.get('optim_wrapper.optimizer.lr')
    if not rate or not rate.base or 'optim_wrapper.optimizer.type' in changed:  # those of two optimizers say nothing
        return None
    factor = float(rate.value) / float(rate.base) if float(rate.base) else None
    for place, setting in changed.items():
        batch = place in ('train_dataloader.batch_size', 'optim_wrapper.accumulative_counts')
        if factor is not None and batch and setting.base:
            factor *= float(setting.base) / float(setting.value)
    return factor


def _hint(run: RunRecord) -> str:
    """What the runner said about the rate and the batch."""
    return next((f' {line}' for line in run.log.warnings if line.startswith('optim_wrapper.optimizer.lr=')), '')
