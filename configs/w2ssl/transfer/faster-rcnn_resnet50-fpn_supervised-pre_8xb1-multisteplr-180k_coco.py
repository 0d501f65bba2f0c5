# The supervised row. Officially it has MSRA's weights, of pictures in BGR and strides in the 1x1 convolutions, in a
# network on RGB with strides in the 3x3 ones; here they are torchvision's, which fit.
_base_ = '../../baselines/transfer/faster-rcnn_resnet50-fpn_external-pre_8xb1-multisteplr-180k_coco.py'

transfer = dict(checkpoint='checkpoints/resnet50.pth')
