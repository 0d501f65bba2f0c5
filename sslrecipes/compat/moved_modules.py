"""Modules that have moved are found under their former names, too, with a warning: programs of users import them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_PACKAGE = 'sslrecipes.'
#: Former and present room -> modules, with ``=`` and the present name if that has changed.
_MOVED = {
    ('checkpoint', 'checkpoint'): 'config_text=stated_config training_facts=stated',
    ('checkpoint', 'checkpoint.conversion'): 'families keymaps layouts pixel_order suffixes',
    ('checkpoint', 'checkpoint.files'): """
        archive contents digest_file mmengine_loader pickle_depth reading run_schema sealing sources store superseded
        tensor_digest unpickling writing""",
    ('checkpoint', 'export'): 'export=backbone',
    ('datasets', 'datasets.images'): 'bad_images bad_samples decoding image_headers=headers scan scan_report',
    ('datasets', 'datasets.preflight'): """
        annotation_lists coco_annotations coco_head dataset_options evaluator_preflight=evaluator remarks
        segmentation_preflight=segmentation transfer_preflight=detection voc_annotations""",
    ('engine', 'commands'): """
        argument_kinds benchmark config_check config_registries costs culprits data_benchmark
        dry_run flops knn_directory=evaluate_knn knn_report launch rehearsal replay
        synthetic""",
    ('engine', 'distributed'): 'agreement=control',
    ('engine', 'engine'): 'class_use=class_count distributed=data_parallel',
    ('engine', 'engine.nonfinite'): 'module_watch nonfinite_record=record plain_values recorded_model',
    ('engine', 'engine.restart'): """
        circumstances=fingerprint optimizer_state restartable_runner resume resume_point rollback""",
    ('models.layers', 'models.utils'): """
        cosine frozen image_check initialization masking micro_batches observed progress""",
    ('transfer', ''): 'export',
    ('transfer', 'visualization'): 'pictures=predictions',
    ('visualization', 'commands'): """
        explain_images=explain_attention feature_map=plot_features networks reconstruct_images=visualize_reconstruction
        view_grid=visualize_views""",
    ('zoo', 'config'): """
        config=loading data_root default_hooks execution history lines literals option_values overrides picture_size
        places plain preconditions provenance reading schedules source upstream upstream_hooks variables""",
    ('zoo', 'config.rules'): 'checks',
    ('zoo', 'config.validation'): """
        channels combinations components crops iterations multi_crop option_table optional_packages schema""",
    ('zoo', 'paths'): 'overwriting ownership user_paths',
}


def _addresses() -> Iterator[tuple[str, str]]:
    for (former, present), names in _MOVED.items():
        for was, _, now in (name.partition('=') for name in names.split()):
            yield f'{_PACKAGE}{former}.{was}', f'{_PACKAGE}{present}.{now or was}'.replace('..', '.')


PRESENT = dict(_addresses())
"""Present name of each module by its former one."""


class _Alias(Loader):
    """Give a module out under a second name."""

    def __init__(self, present: str) -> None:
        self.present = present

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the module under its present name."""
        module = import_module(self.present)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Let the module keep the spec of its present name."""
        module.__spec__ = self.spec


def present_name(former: str) -> str | None:
    """Present name of a module, or of a module in a package, that has moved; None for any other."""
    package, _, module = former.rpartition('.')
    if package in PRESENT:
        return f'{PRESENT[package]}.{module}'
    return PRESENT.get(former)


class MovedFinder(MetaPathFinder):
    """Find the modules that have moved."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec that leads to the present module, None for any other."""
        present = present_name(fullname)
        if present is None:
            return None
        warnings.warn(f'{fullname} is called {present} now.', FutureWarning, stacklevel=2)
        return ModuleSpec(fullname, _Alias(present))


def install() -> None:
    """Look for former names first: the path of a package that has moved would give a second copy of its modules."""
    if not any(isinstance(finder, MovedFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, MovedFinder())
