_base_ = 'mask-rcnn_resnet50-fpn-syncbn.py'

model = dict(type='FasterRCNN', roi_head=dict(mask_roi_extractor=None, mask_head=None))
