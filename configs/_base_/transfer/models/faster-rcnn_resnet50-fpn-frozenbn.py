_base_ = 'mask-rcnn_resnet50-fpn-frozenbn.py'

model = dict(type='FasterRCNN', roi_head=dict(mask_roi_extractor=None, mask_head=None))
