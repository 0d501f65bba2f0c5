# Detection and segmentation of small scenes, from a random and from a pre-trained backbone: 20 minutes on two CPU cores
title = 'Transfer to detection and segmentation'
claim = dict(
    text='A detector and a segmentor profit from a backbone that DINO with the views of SSLight has pre-trained.',
    source='the direction of the COCO columns of the SSLight README, at a size at which little can be told',
    pairs=[('dino', 'untrained')],
)
stages = dict(dino=dict(recipe='quickstart/dino-sslight_resnet-nano_1xb128-coslr-12e_photo-tiles-48px', title='DINO'))
evaluations = dict(
    detection=dict(
        recipe='quickstart/transfer/mask-rcnn_resnet-nano-fpn_dino-sslight-pre_1xb8-multisteplr-1k_photo-scenes-128px'
    ),
    segmentation=dict(
        recipe='quickstart/transfer/upernet_resnet-nano_dino-sslight-pre_1xb8-polylr-1k_photo-scenes-128px'
    ),
)
table = dict(
    columns={'box AP': 'coco/bbox_mAP', 'mask AP': 'coco/segm_mAP', 'mIoU': 'mIoU', 'seconds': 'seconds'},
    factor={'box AP': 100, 'mask AP': 100},
)
pictures = dict(
    objects=dict(tool='predictions', of='detection', caption='True boxes and masks, and what each detector finds.'),
    maps=dict(tool='predictions', of='segmentation', caption='True maps, and what each segmentor sees.'),
)
work_dir = 'work_dirs/quickstart-transfer'
