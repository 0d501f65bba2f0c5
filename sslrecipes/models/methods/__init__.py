"""Methods: one file per paper."""

from sslrecipes.models.methods.barlow_twins import BarlowTwins
from sslrecipes.models.methods.byol import BYOL
from sslrecipes.models.methods.colorization import Colorization
from sslrecipes.models.methods.densecl import DenseCL
from sslrecipes.models.methods.dino import DINO
from sslrecipes.models.methods.feature_model import FeatureModel
from sslrecipes.models.methods.jigsaw import Jigsaw
from sslrecipes.models.methods.linear_probe import LinearProbe
from sslrecipes.models.methods.mae import MAE
from sslrecipes.models.methods.mae_priv import MAEPriv
from sslrecipes.models.methods.moco import MoCo
from sslrecipes.models.methods.mocov3 import MoCoV3
from sslrecipes.models.methods.partly_trained import PartlyTrainedClassifier
from sslrecipes.models.methods.rotation import Rotation
from sslrecipes.models.methods.simclr import SimCLR
from sslrecipes.models.methods.simsiam import SimSiam
from sslrecipes.models.methods.swav import SwAV
from sslrecipes.models.methods.tec import TEC
from sslrecipes.models.methods.w2ssl import W2SSL

__all__ = [
    'BYOL',
    'DINO',
    'MAE',
    'TEC',
    'W2SSL',
    'BarlowTwins',
    'Colorization',
    'DenseCL',
    'FeatureModel',
    'Jigsaw',
    'LinearProbe',
    'MAEPriv',
    'MoCo',
    'MoCoV3',
    'PartlyTrainedClassifier',
    'Rotation',
    'SimCLR',
    'SimSiam',
    'SwAV',
]
