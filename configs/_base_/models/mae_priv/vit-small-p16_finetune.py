# As for MAE, with fixed positions and without class token: the mean of all tokens, a fresh norm (ln2) and a classifier
# that starts near zero (0.02 * 0.001). A model with class token is `with_cls_token=True, out_type='cls_token',
# final_norm=True`, and its fresh norm is ln1.
_base_ = ['../mae/vit-base-p16_finetune.py']

model = dict(
    backbone=dict(type='MAEPrivFineTuneViT', arch='deit-small', with_cls_token=False),
    head=dict(in_channels=384),
)
