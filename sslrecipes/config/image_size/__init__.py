"""One number for the resolution: ``image_size`` at the top of a config, and ``local_image_size`` for local crops."""

from sslrecipes.config.image_size.keys import KEYS, LOCAL, SIZE, side_of
from sslrecipes.config.image_size.sizes import at_size, sized_places, training_side

__all__ = ['KEYS', 'LOCAL', 'SIZE', 'at_size', 'side_of', 'sized_places', 'training_side']
