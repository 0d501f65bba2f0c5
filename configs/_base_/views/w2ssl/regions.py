# Left and right part of an image, two views of each, as torchvision makes them of Pillow images; four of them make a
# montage of 224 px. backend='opencv' is several times faster, and differs by a few grey levels.
views = dict(
    type='RegionCrops',
    regions=2,
    overlap=0.3,  # each part has 80 % of the width
    montage_size=224,
    region_scale=(0.2, 1.0),  # of the part's area
    jitter=(0.4, 0.4, 0.2, 0.1),  # brightness, contrast, saturation, hue
    jitter_prob=0.8,
    grey_prob=0.2,
    blur=(1.0, 0.1),  # view 1, view 2
    solarize=(0.0, 0.2),
    flip_prob=0.5,
    backend='pillow',
    interpolation='bilinear',
)
# Of the older code, on four parts: the colours of MoCo v3, but view 1 is blurred and solarised with even odds
four_regions = dict(regions=4, jitter=(0.4, 0.4, 0.4, 0.1), blur=(0.5, 0.1), solarize=(0.5, 0.2))
pack = dict(
    type='PackInputs',
    meta_keys=('sample_idx', 'img_path', 'ori_shape', 'img_shape', 'crop_boxes', 'crop_flips', 'view_ids'),
)
