"""Evaluation of frozen features: neighbours and linear probes."""

from __future__ import annotations

from typing import Any

from sslrecipes.config.rules.checks import Check, boolean, either, every, nothing, number, one_of, options, whole


def positive(value: Any) -> str | None:
    """What a number above 0 may be."""
    return None if number(0)(value) is None and value > 0 else 'a number above 0'


#: What the options of a k-NN classifier may be.
NEIGHBOURS: dict[str, Check] = {
    'bank': options,
    'ks': either(whole(1), every(whole(1))),
    'temperature': positive,
    'linear': either(options, nothing),
    'amp_dtype': either(one_of('float16', 'bfloat16'), nothing),
}
#: What the options of a linear probe may be.
PROBE: dict[str, Check] = {
    'lrs': either(number(0), every(number(0))),
    **dict.fromkeys(('epochs', 'batch_size'), whole(1)),
    **dict.fromkeys(('momentum', 'weight_decay', 'init_std'), number(0)),
    'with_bn': boolean,
    'seed': whole(0),
}
