"""Plan, run and report a study: ``python tools/run_study.py configs/studies/quickstart.py``."""

import argparse

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file, user_path

#: Exit code after Ctrl-C, as a shell shows for what SIGINT ended.
INTERRUPTED = 130


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument('study', type=user_path, help='config of the study')
    parser.add_argument('--work-dir', type=user_file, help="where everything goes (default: the study's)")
    parser.add_argument('--dry-run', action='store_true', help='print the plan, with costs; needs no data')
    parser.add_argument('--only', nargs='+', default=[], metavar='STAGE', help='only these, and what they need')
    parser.add_argument('--seeds', type=int, help='seeds 0 to N-1 instead of those of the study')
    parser.add_argument(
        '--set', nargs='+', action='extend', default=[], metavar='[STAGE:]KEY=VALUE', help='overrides of recipes'
    )
    parser.add_argument('--jobs', type=int, default=1, help='stages at a time; they share CPU cores or GPUs')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm'], default='none')
    parser.add_argument('--gpus', type=int, default=1, help='processes of a stage, with --launcher')
    parser.add_argument('--partition', default='PARTITION', help='of Slurm')
    parser.add_argument('--gflops', type=float, help='10^9 operations per second of a GPU, for estimates')
    parser.add_argument('--print-commands', action='store_true', help='print the plan as a shell script instead')
    parser.add_argument('--report-only', action='store_true', help='start nothing, report what there is')
    parser.add_argument('--accept-changes', action='store_true', help='go on with broken stages although code changed')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Run the study."""
    args = parse_args(argv)
    from sslrecipes.studies.launching import Launch
    from sslrecipes.studies.run_study import Wishes, run_study

    launch = Launch(args.launcher, args.gpus, args.partition, args.accept_changes)
    wishes = Wishes(
        args.work_dir,
        args.only,
        args.seeds,
        args.set,
        args.jobs,
        launch,
        args.gflops,
        args.dry_run,
        args.print_commands,
        args.report_only,
    )
    try:
        run_study(args.study, wishes)
    except KeyboardInterrupt as interrupt:  # while the plan or the report is made; jobs end with a checkpoint
        raise SystemExit(INTERRUPTED) from interrupt


if __name__ == '__main__':
    main()
