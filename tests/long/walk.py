"""Count the package's files that a training imports, and those whose functions it calls, up to its first step.

    python tests/long/walk.py CONFIG [options of tools/train.py]

What a run doesn't use is better not imported: start-up takes time, and a reader of the code follows the same path.
"""

import inspect
import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = str(ROOT / 'sslrecipes') + os.sep
entered = set()


def watch(frame, event, arg):
    """Note each file of the package in which a function is called; end when the first step has been logged."""
    code = frame.f_code
    if event != 'call':
        return
    if code.co_filename.startswith(PACKAGE) and code.co_flags & inspect.CO_OPTIMIZED:  # no module, no class
        entered.add(code.co_filename)
    elif code.co_name == 'after_train_iter' and code.co_filename.endswith('runtime_info_hook.py'):
        sys.setprofile(None)
        report()


def report():
    """Print the counts and end, whatever the run was about to do."""
    files = {str(getattr(module, '__file__', '')) for module in list(sys.modules.values())}
    imported = {file for file in files if file.startswith(PACKAGE)}
    for name, found in {'imported': imported, 'entered': entered}.items():
        lines = sum(len(Path(file).read_text().splitlines()) for file in found)
        print(f'{name}: {len(found)} files, {lines} lines', flush=True)
    os._exit(0)


if __name__ == '__main__':
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    sys.argv = ['tools/train.py', *sys.argv[1:]]
    sys.setprofile(watch)
    runpy.run_path('tools/train.py', run_name='__main__')
