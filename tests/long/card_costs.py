"""Operations of all pre-trainings, and their cost relative to 224 px, as the cards should state them; two minutes.

    OMP_NUM_THREADS=1 python tests/long/card_costs.py [--write]

``--write`` brings the metafiles up to date, after which ``python tools/model_zoo.py --write`` does so with the tables.
Exit code 1 if a card states something else, or nothing.
"""

import argparse
import re
import sys
from pathlib import Path

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.commands.recipe_costs import recipe_cost, relative_cost
from sslrecipes.zoo.cards import read_index

ROOT = Path(__file__).resolve().parents[2]
DIGITS = 4
#: Folder, system and file: benchmarks and transfers lie deeper.
PRETRAINING_DEPTH = 3


def stated_costs(cfg):
    """What the ``Metadata`` of a card should say of a pre-training, if its cost can be told."""
    cost, relative = recipe_cost(cfg), relative_cost(cfg)
    if cost is None or relative is None:
        return {}
    flops = {'FLOPs': int(float(f'{cost.per_image(cfg):.{DIGITS}g}'))}
    return flops if relative == 1 else {**flops, 'Relative Cost': float(f'{relative:.{DIGITS}g}')}


def rewritten(text, name, costs):
    """Text of a metafile with the costs in the card's one line of ``Metadata``."""
    start = text.index(f'- Name: {name}\n')
    line = re.compile(r'Metadata: \{Parameters: \d+(, FLOPs: \d+)?(, Relative Cost: [\d.]+)?').search(text, start)
    parameters = re.search(r'\{Parameters: \d+', line[0])[0]
    words = ''.join(f', {key}: {value}' for key, value in costs.items())
    return f'{text[: line.start()]}Metadata: {parameters}{words}{text[line.end() :]}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--write', action='store_true')
    write = parser.parse_args().write
    texts, known, wrong = {}, {}, 0
    for card in read_index(ROOT):
        cfg = card.load(ROOT) if len(Path(card.config).parts) == PRETRAINING_DEPTH else {}
        if not cfg.get('train_cfg'):
            continue
        key = repr((cfg.model, cfg.train_dataloader))
        costs = known[key] if key in known else known.setdefault(key, stated_costs(cfg))
        stated = {'FLOPs': card.flops, 'Relative Cost': card.relative_cost}
        if stated != {'FLOPs': None, 'Relative Cost': 1.0, **costs}:
            wrong += 1
            print(card.name, costs, flush=True)
            metafile = ROOT / Path(card.config).parent / 'metafile.yml'
            texts[metafile] = rewritten(texts.get(metafile) or metafile.read_text(), card.name, costs)
    for metafile, text in texts.items() if write else ():
        metafile.write_text(text)
    sys.exit(bool(wrong and not write))


if __name__ == '__main__':
    main()
