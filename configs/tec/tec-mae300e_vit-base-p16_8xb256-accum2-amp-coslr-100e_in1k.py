_base_ = ['tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k.py']

# base: MAE pre-trained for 300 epochs; the authors' file is not public
checkpoint = 'work_dirs/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(target_generator=dict(checkpoint=checkpoint))
train_cfg = dict(max_epochs=100)
