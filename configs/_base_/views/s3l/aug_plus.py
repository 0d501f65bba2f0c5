# The two views of S3L's methods ("aug-plus", as of MoCo v2), each as torchvision makes it of Pillow images; of another
# resolution only the crop differs, not its share of the image and not the blur. backend='opencv' is several times
# faster, and differs by a few grey levels.
views = dict(
    type='MultiCrop',
    global_size=224,
    global_scale=(0.2, 1.0),
    num_locals=0,
    jitter=(0.4, 0.4, 0.4, 0.1),  # brightness, contrast, saturation, hue
    jitter_prob=0.8,
    grey_prob=0.2,
    blur=(0.5, 0.5, 0.5),
    solarize=(0.0, 0.0, 0.0),
    backend='pillow',
    interpolation='bilinear',
)
pack = dict(
    type='PackInputs',
    meta_keys=('sample_idx', 'img_path', 'ori_shape', 'img_shape', 'crop_boxes', 'crop_flips', 'view_ids'),
)
