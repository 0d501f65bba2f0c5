# As on 50,000 images, on 1,000 images each of 10 classes. Their labels are 0 to 9, for a classifier of 10 classes (the
# official one has 1,000). Training and validation images are written once by
#     python tools/make_subset.py data/imagenet/train --classes 10 --total 10000 \
#         --out data/imagenet/subsets/10-classes.txt
#     python tools/make_subset.py data/imagenet/val --classes-of data/imagenet/subsets/10-classes.txt --fraction 1 \
#         --out data/imagenet/subsets/10-classes_val.txt
_base_ = ['resnet50_scratch_8xb32-coslr-800e_in1k-50000.py']

model = dict(head=dict(num_classes=10))
data_preprocessor = dict(num_classes=10)
train_dataloader = dict(dataset=dict(subset='data/imagenet/subsets/10-classes.txt', relabel=True))
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ImageSubset',
        data_root='data/imagenet/val/',
        subset='data/imagenet/subsets/10-classes_val.txt',
        relabel=True,
        test_mode=True,
        pipeline=_base_.test_pipeline,
    )
)
test_dataloader = val_dataloader
