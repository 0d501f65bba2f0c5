"""k-NN of frozen features, for tools/test.py and tools/evaluate_knn.py. Inherit it beside a FeatureModel and a
labelled data set, and add:

    test_evaluator = []  # the loop has its own

The bank is made of the images of train_dataloader, prepared and loaded as those of test_dataloader; test_cfg.bank says
what is different. Nothing is trained or validated. test_cfg.linear = dict() trains linear probes on the same features,
too (tools/test.py only). final_norm=False of the FeatureModel, with the defaults below, is the k-NN of MAE-priv.
"""

test_cfg = dict(type='KNNLoop', ks=(10, 20, 100, 200), temperature=0.07)
