from sslrecipes.studies.costs import Cost
from sslrecipes.studies.progress import watcher
from sslrecipes.studies.running import Outcome
from sslrecipes.studies.states import FINISHED, NEW, State


def test_a_line_for_each_stage(jobs, capsys):
    found = jobs(factors={})
    states = {name: State(FINISHED if name == 'base' else NEW) for name in found}
    costs = {name: Cost(seconds=10.0) for name in found}
    with watcher(list(found.values()), states, costs, 1) as watch:
        watch.started(found['more'])
        watch.looked({'more': 3.0})
        watch.ended(found['more'], Outcome('finished', seconds=20.0))
        watch.ended(found['knn/more'], Outcome('failed', 'no disk [x]', 1.0))
    assert capsys.readouterr().out.splitlines() == [
        'started   more, log in out/more/console.log',
        'finished  more in 20 s   (1 of 3)',
        'failed    knn/more in 1 s: no disk [x]   (2 of 3)',
    ]
