"""Key maps between official checkpoints and ours: one file per source family."""

from sslrecipes.checkpoint.keymaps.dino import DINO
from sslrecipes.checkpoint.keymaps.ibot import IBOT
from sslrecipes.checkpoint.keymaps.mae import MAE
from sslrecipes.checkpoint.keymaps.moco import MOCO
from sslrecipes.checkpoint.keymaps.rules import KeyMap
from sslrecipes.checkpoint.keymaps.sslight import SSLIGHT
from sslrecipes.checkpoint.keymaps.tec import TEC
from sslrecipes.checkpoint.keymaps.torchvision import TORCHVISION

KEYMAPS: dict[str, KeyMap] = {keymap.family: keymap for keymap in (MAE, IBOT, TEC, *SSLIGHT, DINO, MOCO, TORCHVISION)}

__all__ = ['KEYMAPS', 'KeyMap']
