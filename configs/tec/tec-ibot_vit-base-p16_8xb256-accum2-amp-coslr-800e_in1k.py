_base_ = ['tec-ibot_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k.py']

train_cfg = dict(max_epochs=800)
