"""Copy what users of an installed wheel need (configs, tools, model index) into ``sslrecipes/.mim``."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
MIM_FILES = ('configs', 'tools', 'model-index.yml')


class BuildPyWithMim(build_py):
    """``build_py`` that places ``MIM_FILES`` into the built package (OpenMMLab's ``.mim`` convention)."""

    def run(self) -> None:
        """Build as usual, then copy; an editable install reads the checkout itself and needs no copy."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / 'sslrecipes' / '.mim'
        ignore = shutil.ignore_patterns('__pycache__', '*.pyc')
        for name in MIM_FILES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, target / name, dirs_exist_ok=True, ignore=ignore)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / name)


setup(cmdclass={'build_py': BuildPyWithMim})
