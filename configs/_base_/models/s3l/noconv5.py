"""A ResNet that ends with conv4 (layer3), for any method. Inherit it beside a recipe with a ResNet, and add:

    model = dict(backbone=_base_.noconv5, neck=dict(in_channels=1024))

and the same for model.probe if there is one. The width is 1024 for ResNet50 and 256 for ResNet18 and ResNet34.
"""

noconv5 = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
