"""One vote per optimizer step."""

from mmengine.hooks import Hook
from torch import distributed

from sslrecipes.distributed.control import control_group
from sslrecipes.distributed.joining import join_process_group
from sslrecipes.distributed.step_vote import StepVote
from sslrecipes.engine.runner import SSLRunner


def test_alone_each_question_is_asked_when_its_answer_is_wanted():
    said, vote = [], StepVote()
    vote.add('a', lambda: bool(said))
    assert not vote.take('a')
    said.append(True)
    assert vote.take('a')


def test_answers_are_of_one_vote_and_taken_once(run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        asked, vote = [], StepVote()
        for name in 'abc':
            vote.add(name, lambda name=name: bool(asked.append(name)) or (name, rank, len(asked) > 3) == ('b', 1, True))
        answers = [vote.take(name) for name in 'abab']
        return answers, asked

    assert run_ranks(on_rank) == [([False, False, False, True], list('abcabc'))] * 2


class CountsVotes(Hook):
    """Counts the questions to all processes in each iteration."""

    priority = 'LOWEST'

    def __init__(self, calls):
        self.calls = calls
        self.per_iter = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.before = len(self.calls)

    def after_optimizer_step(self, runner):
        self.per_iter.append(len(self.calls) - self.before)


def test_a_step_has_one_vote_whatever_is_asked(mae_on_digits, run_ranks):
    cfg = mae_on_digits
    cfg.launcher = 'pytorch'
    cfg.train_dataloader.batch_size = 8
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 2
    cfg.default_hooks.checkpoint.interval_minutes = 30

    def on_rank(rank, world):
        calls, all_reduce = [], distributed.all_reduce

        def counted(*args, group=None, **kwargs):
            if group is control_group():
                calls.append(args)
            return all_reduce(*args, group=group, **kwargs)

        distributed.all_reduce = counted
        runner = SSLRunner.from_cfg(cfg)
        runner.register_hook(counts := CountsVotes(calls))
        runner.train()
        return counts.per_iter

    assert run_ranks(on_rank) == [[1] * 8] * 2
