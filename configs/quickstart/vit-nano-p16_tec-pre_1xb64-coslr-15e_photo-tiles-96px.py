# mmpretrain's classifier around the nano ViT: fine-tune an exported backbone
_base_ = [
    '../_base_/datasets/quickstart/photo_tiles_96_eval.py',
    '../_base_/schedules/quickstart/adamw_bs64_warmup_coslr.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=96,
        patch_size=16,
        out_type='avg_featmap',
        final_norm=False,
        init_cfg=dict(
            type='Pretrained', checkpoint='work_dirs/quickstart/tec_vit-nano-p16.safetensors', ignore=('ln2.',)
        ),
    ),
    head=dict(type='LinearClsHead', num_classes=18, in_channels=128, loss=dict(type='CrossEntropyLoss')),
)
train_cfg = dict(max_epochs=15)
val_cfg = dict()
test_cfg = dict()
