"""The same as detectron2 has it by default: no norm behind the last stage, and batch norms that are fixed altogether.

So are the stem and the first stage. In S3L these rows are called "normal BN".
"""

_base_ = 'mask-rcnn_c4.py'

norm_cfg = dict(type='BN', requires_grad=False)

model = dict(
    backbone=dict(frozen_stages=1, norm_cfg=norm_cfg, norm_eval=True),
    roi_head=dict(shared_head=dict(type='ResLayer', norm_cfg=norm_cfg, norm_eval=True)),
)
