_base_ = [
    '../../_base_/models/mocov3/vit-base-p16_finetune.py',
    '../../_base_/datasets/mae/in1k_finetune_224.py',
    '../../_base_/schedules/mocov3/adamw_bs1024_coslr_finetune.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/mocov3_vit-base-p16_64xb64-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=128, sampler=dict(_delete_=True, type='RepeatAugSampler', num_repeats=3))
