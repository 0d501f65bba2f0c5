"""The README of an exported folder."""

from __future__ import annotations

from sslrecipes.export.source import Source

_CARD = """---
library_name: {library}
pipeline_tag: image-feature-extraction
tags:
- {library}
- image-feature-extraction
- self-supervised-learning
---

# {title}

{architecture}, pre-trained without labels{method}: a backbone without classifier, exported by sslrecipes. No licence is
stated here: that of the weights depends on where they come from.

```python
{usage}
```

Pictures are RGB, {size} x {size} px, normalised with mean {mean} and standard deviation {std} (of 0 to 255).

| Origin | |
|---|---|
{origin}

{checked}
"""


_TIMM = """import timm

model = timm.create_model('local-dir:{title}', pretrained=True).eval()  # or 'hf-hub:<user>/{title}'
transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
features = model(transform(picture).unsqueeze(0))"""


def model_card(source: Source, title: str, checked: str, library: str = 'timm', usage: str = _TIMM) -> str:
    """Say what the weights are, where they come from, how to load them and what they were compared with."""
    facts = {key: value for key, value in source.metadata.items() if key not in ('backbone', 'mean', 'std')}
    method = source.metadata.get('method')
    return _CARD.format(
        title=title,
        library=library,
        usage=usage.format(title=title),
        architecture=source.arch,
        method=f' (`{method}`)' if method else '',
        size=source.image_size,
        mean=', '.join(f'{value:g}' for value in source.mean),
        std=', '.join(f'{value:g}' for value in source.std),
        origin='\n'.join(f'| {key} | `{value}` |' for key, value in facts.items()),
        checked=f'{checked[:1].upper()}{checked[1:]}.',
    )
