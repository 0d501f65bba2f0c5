"""What is known of other programs' checkpoints: one file per source family, and a line of the table below."""

from sslrecipes.checkpoint.conversion.keymaps.barlow_twins import BARLOW_TWINS
from sslrecipes.checkpoint.conversion.keymaps.densecl import DENSECL
from sslrecipes.checkpoint.conversion.keymaps.detectron2 import DETECTRON2
from sslrecipes.checkpoint.conversion.keymaps.dino import DINO
from sslrecipes.checkpoint.conversion.keymaps.ibot import IBOT
from sslrecipes.checkpoint.conversion.keymaps.mae import MAE
from sslrecipes.checkpoint.conversion.keymaps.mae_priv import MAE_PRIV
from sslrecipes.checkpoint.conversion.keymaps.mmselfsup import MMSELFSUP, MMSELFSUP_MOCO
from sslrecipes.checkpoint.conversion.keymaps.moco import MOCO
from sslrecipes.checkpoint.conversion.keymaps.mocov3 import MOCO_V3, MOCO_V3_VIT
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.s3l import S3L
from sslrecipes.checkpoint.conversion.keymaps.simsiam import SIMSIAM
from sslrecipes.checkpoint.conversion.keymaps.solo_learn import SOLO_LEARN, SOLO_LEARN_MOCO
from sslrecipes.checkpoint.conversion.keymaps.sslight import SSLIGHT
from sslrecipes.checkpoint.conversion.keymaps.tec import TEC
from sslrecipes.checkpoint.conversion.keymaps.timm import TIMM_MOBILENET_V2
from sslrecipes.checkpoint.conversion.keymaps.torchvision import TORCHVISION
from sslrecipes.checkpoint.conversion.keymaps.torchvision_vit import TORCHVISION_VIT
from sslrecipes.checkpoint.conversion.keymaps.w2ssl import W2SSL

_FAMILIES = (
    MAE_PRIV,
    TEC,
    IBOT,
    MAE,  # to which all other ViTs without a mark are said to belong
    DINO,  # whose files have SSLight's marks, too
    *SSLIGHT,
    *S3L,  # whose files have the names of MoCo's, and more
    MOCO,
    MOCO_V3,
    MOCO_V3_VIT,
    W2SSL,
    DENSECL,
    BARLOW_TWINS,
    SIMSIAM,
    SOLO_LEARN,
    SOLO_LEARN_MOCO,
    MMSELFSUP,
    MMSELFSUP_MOCO,
    TORCHVISION,
    TORCHVISION_VIT,
    TIMM_MOBILENET_V2,
    DETECTRON2,
)
#: By the name of the family. Where several recognise a file, the first counts; marks count before resemblance.
KEYMAPS: dict[str, KeyMap] = {keymap.family: keymap for keymap in _FAMILIES}

__all__ = ['KEYMAPS', 'KeyMap']
