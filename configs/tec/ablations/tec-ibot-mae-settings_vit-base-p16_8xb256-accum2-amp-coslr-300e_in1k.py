_base_ = ['../tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k.py']

# only the base model changes: iBOT with the relation settings of the MAE recipe
model = dict(target_generator=dict(checkpoint='checkpoints/ibot_vit-base-p16_teacher.pth'))
