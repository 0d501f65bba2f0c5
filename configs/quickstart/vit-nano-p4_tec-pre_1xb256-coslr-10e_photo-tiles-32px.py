# mmpretrain's classifier around the nano ViT: fine-tune an exported backbone
_base_ = [
    '../_base_/datasets/quickstart/photo_tiles_32_eval.py',
    '../_base_/schedules/quickstart/adamw_bs256_coslr.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=32,
        patch_size=4,
        out_type='avg_featmap',
        final_norm=False,
        init_cfg=dict(
            type='Pretrained', checkpoint='work_dirs/quickstart/tec_vit-nano-p4.safetensors', ignore=('ln2.',)
        ),
    ),
    head=dict(type='LinearClsHead', num_classes=18, in_channels=128, loss=dict(type='CrossEntropyLoss')),
)
train_cfg = dict(max_epochs=10)
val_cfg = dict()
test_cfg = dict()
