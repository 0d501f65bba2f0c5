"""k-NN of frozen features, for tools/test.py and tools/evaluate_knn.py. Inherit it beside a FeatureModel and a
labelled data set, and add:

    # the labelled images, as the test images are prepared
    bank_dataset = dict(_base_.train_dataloader.dataset, pipeline=_base_.test_dataloader.dataset.pipeline)
    test_cfg = dict(bank=dict(_base_.test_dataloader, dataset=bank_dataset))
    test_evaluator = []
    train_dataloader = val_dataloader = val_evaluator = None  # nothing is trained

test_cfg.linear = dict() trains linear probes on the same features, too (tools/test.py only). final_norm=False of the
FeatureModel, with the defaults below, is the k-NN of MAE-priv.
"""

test_cfg = dict(type='KNNLoop', ks=(10, 20, 100, 200), temperature=0.07)
