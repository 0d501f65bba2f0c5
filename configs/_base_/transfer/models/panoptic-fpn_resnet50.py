"""Panoptic FPN on ResNet-50: W2SSL's Mask R-CNN and detectron2's head for stuff (128 channels, group norm, weight .5).

What mmdet doesn't express: it compares stuff at a quarter of the image's size (detectron2: at the whole size), and
returns the fused segments only, no boxes and masks of low score beside them.
"""

_base_ = 'mask-rcnn_resnet50-fpn-4conv.py'

model = dict(
    type='PanopticFPN',
    data_preprocessor=dict(mask_pad_value=0, pad_seg=True, seg_pad_value=255),
    semantic_head=dict(
        type='PanopticFPNHead',
        num_things_classes=80,
        num_stuff_classes=53,
        in_channels=256,
        inner_channels=128,
        start_level=0,
        end_level=4,
        norm_cfg=dict(type='GN', num_groups=32, requires_grad=True),
        loss_seg=dict(type='CrossEntropyLoss', ignore_index=255, loss_weight=0.5),
    ),
    panoptic_fusion_head=dict(type='HeuristicFusionHead', num_things_classes=80, num_stuff_classes=53),
    test_cfg=dict(
        rcnn=dict(score_thr=0.5),
        panoptic=dict(mask_overlap=0.5, stuff_area_limit=4096),
    ),
)
