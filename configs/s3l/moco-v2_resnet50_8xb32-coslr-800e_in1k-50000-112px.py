# Small ImageNet: 50,000 images of all together, and ten times the learning rate, as in the official script. Write their
# list once by
#     python tools/make_subset.py data/imagenet/train --total 50000 --out data/imagenet/subsets/50000.txt
_base_ = ['moco-v2_resnet50_8xb32-coslr-200e_in1k-112px.py']

model = dict(head=dict(queue_length=32768))
images = dict(
    _delete_=True,
    type='ImageSubset',
    data_root='data/imagenet/train/',
    subset='data/imagenet/subsets/50000.txt',
    pipeline=_base_.train_pipeline,
)
train_dataloader = dict(dataset=images)
optim_wrapper = dict(optimizer=dict(lr=0.3))
train_cfg = dict(max_epochs=800)
