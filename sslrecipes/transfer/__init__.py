"""What mmdet and mmseg need to take over a pre-trained backbone."""

from sslrecipes.transfer.coco_metric import CocoMetric
from sslrecipes.transfer.dilated_mobilenet import DilatedMobileNetV2
from sslrecipes.transfer.imagenet_s import ImageNetS
from sslrecipes.transfer.panoptic import CocoPanopticMetric
from sslrecipes.transfer.patch_resizing import PatchResizingViT
from sslrecipes.transfer.photo_scenes import PhotoScenesDetection, PhotoScenesSegmentation
from sslrecipes.transfer.precise_bn import PreciseBNHook
from sslrecipes.transfer.rpn_head import RPNHead
from sslrecipes.transfer.simple_fpn import SimpleFPN
from sslrecipes.transfer.vitdet import ViTDet
from sslrecipes.transfer.voc import VOCTrainingSet

__all__ = [
    'CocoMetric',
    'CocoPanopticMetric',
    'DilatedMobileNetV2',
    'ImageNetS',
    'PatchResizingViT',
    'PhotoScenesDetection',
    'PhotoScenesSegmentation',
    'PreciseBNHook',
    'RPNHead',
    'SimpleFPN',
    'VOCTrainingSet',
    'ViTDet',
]
