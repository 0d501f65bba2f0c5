"""Kill a small study at random moments, start it again until it ends, compare it with one that was left alone.

python tests/long/kill_study.py --kills 20
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests'))
from fixtures.digit_study import write_small_study  # noqa: E402  which lies there

SECONDS_TO_END = 30  # within which what a killed study has started must be gone, on a busy machine as well


def begin(folder, jobs):
    """Start the study, or go on with it, in a session of its own."""
    command = [sys.executable, str(ROOT / 'tools/run_study.py'), 'small.py', '--jobs', str(jobs)]
    with (folder / 'study.log').open('ab') as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def alive_in(session):
    """Numbers of the processes of a session that haven't ended."""
    found = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        try:
            state, _, _, number = stat.read_text().rpartition(') ')[2].split()[:4]
        except OSError:  # ended meanwhile
            continue
        if int(number) == session and state not in 'ZX':
            found.append(int(stat.parent.name))
    return found


def finished(folder):
    """What must stay as it is: records and products of finished stages, by the time of their last change."""
    records = [path for path in folder.rglob('study.json') if json.loads(path.read_bytes())['status'] == 'done']
    products = [path for record in records for path in record.parent.glob('epoch_2.pth')]
    metrics = list(folder.rglob('metrics.json'))
    return {path: path.stat().st_mtime_ns for path in [*records, *products, *metrics]}


def compared(folder):
    """Results without what differs from run to run."""
    results = json.loads((folder / 'work_dirs/small/results.json').read_text())
    del results['times']
    return results


def run_killed(folder, kills, seconds, jobs, rng):
    """Run a study that is killed up to so many times; returns the moments, and what went wrong."""
    moments, wrong, kept = [], [], {}
    write_small_study(folder)
    while True:
        process, moment = begin(folder, jobs), rng.uniform(0, seconds)
        try:
            code = process.wait(moment if len(moments) < kills else None)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            moments.append(moment)
            code = None
        now = finished(folder / 'work_dirs')
        wrong += [f'{path} was made again' for path, changed in kept.items() if now.get(path) != changed]
        kept = now
        deadline = time.monotonic() + SECONDS_TO_END
        while left := alive_in(process.pid):
            if time.monotonic() > deadline:
                wrong.append(f'processes outlive the study: {left}')
                break
            time.sleep(0.05)
        if code is not None:
            return moments, wrong + ([f'exit code {code}'] if code else [])


def main():
    """Print one line per study that was killed; exit code 1 if anything differs or was repeated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--jobs', type=int, default=1, help='stages at a time')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    rng, left, broken = random.Random(args.seed), args.kills, False
    with tempfile.TemporaryDirectory() as place:
        alone = Path(place, 'alone')
        alone.mkdir()
        write_small_study(alone)
        begun = time.monotonic()
        if code := begin(alone, args.jobs).wait():
            sys.exit(f'error: exit code {code}: {(alone / "study.log").read_text()}')
        seconds = time.monotonic() - begun
        print(f'left alone: {seconds:.0f} s', flush=True)
        for number in count():
            if not left:
                break
            folder = Path(place, f'killed-{number}')
            folder.mkdir()
            moments, wrong = run_killed(folder, left, seconds, args.jobs, rng)
            if not wrong and compared(folder) != compared(alone):
                wrong = ['the results differ']
            left, broken = left - len(moments), broken or bool(wrong)
            told = '; '.join(wrong) or 'the same results, no finished stage repeated'
            print(f'killed after {", ".join(f"{moment:.0f}" for moment in moments)} s: {told}', flush=True)
            if wrong:
                print((folder / 'study.log').read_text())
    return int(broken)


if __name__ == '__main__':
    sys.exit(main())
