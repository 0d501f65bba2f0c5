# SSLight's semi-supervised evaluation: 1 % of ImageNet's training images, written once by
#     python tools/make_subset.py data/imagenet/train --fraction 0.01 --out data/imagenet/subsets/1percent.txt
# or the official list (or SimCLR's) under that name. Recipes for 10 % name another list.
_base_ = ['in1k_eval_224.py']

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ImageSubset',
        data_root='data/imagenet/train/',
        subset='data/imagenet/subsets/1percent.txt',
        pipeline={{_base_.train_pipeline}},
    )
)
