# Mask R-CNN on ViTDet-B, as mask_rcnn_vitdet.py of detectron2 builds it: a ViT with windows of 14 x 14 tokens and four
# blocks without, simple pyramid, two convolutions in the RPN, norms over channels in both heads.
# mmdet differs in the initialisation of the box head's linear layer and of the mask predictor. Another patch size needs
# other strides: 3.5, 7, 14, 28, 56 for 14 px in anchor_generator and both featmap_strides; or resized kernels, as in
# vitdet-huge_mask-rcnn.py.
_base_ = ['mmdet::_base_/models/mask-rcnn_r50_fpn.py']

norm_cfg = dict(type='mmpretrain.LN2d', eps=1e-6)
model = dict(
    backbone=dict(
        _delete_=True,
        type='sslrecipes.ViTDet',
        arch='base',
        img_size=224,  # of pre-training: the position table stays as it is and is interpolated
        patch_size=16,
        window_size=14,
        global_blocks=4,
        use_rel_pos=True,
        input_size=1024,
        drop_path_rate=0.1,
    ),
    neck=dict(_delete_=True, type='sslrecipes.SimpleFPN', in_channels=768, out_channels=256),
    rpn_head=dict(type='sslrecipes.RPNHead', num_convs=2),
    roi_head=dict(
        bbox_head=dict(type='Shared4Conv1FCBBoxHead', norm_cfg=norm_cfg),
        mask_head=dict(norm_cfg=norm_cfg),
    ),
    # as in mask-rcnn_fpn.py
    train_cfg=dict(
        rpn=dict(assigner=dict(min_pos_iou=0.0)),
        rcnn=dict(assigner=dict(match_low_quality=False)),
    ),
)
