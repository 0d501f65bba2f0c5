"""Key maps between official checkpoints and ours: one file per source family."""

from sslrecipes.checkpoint.conversion.keymaps.detectron2 import DETECTRON2
from sslrecipes.checkpoint.conversion.keymaps.dino import DINO
from sslrecipes.checkpoint.conversion.keymaps.ibot import IBOT
from sslrecipes.checkpoint.conversion.keymaps.mae import MAE
from sslrecipes.checkpoint.conversion.keymaps.mae_priv import MAE_PRIV
from sslrecipes.checkpoint.conversion.keymaps.moco import MOCO
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.sslight import SSLIGHT
from sslrecipes.checkpoint.conversion.keymaps.tec import TEC
from sslrecipes.checkpoint.conversion.keymaps.timm import TIMM_MOBILENET_V2
from sslrecipes.checkpoint.conversion.keymaps.torchvision import TORCHVISION
from sslrecipes.checkpoint.conversion.keymaps.torchvision_vit import TORCHVISION_VIT

_METHODS = (MAE, MAE_PRIV, IBOT, TEC, *SSLIGHT, DINO, MOCO)
_PROGRAMS = (TORCHVISION, TORCHVISION_VIT, TIMM_MOBILENET_V2, DETECTRON2)

KEYMAPS: dict[str, KeyMap] = {keymap.family: keymap for keymap in (*_METHODS, *_PROGRAMS)}

__all__ = ['KEYMAPS', 'KeyMap']
