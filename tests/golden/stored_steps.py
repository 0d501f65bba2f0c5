"""A data set of what a case has stored of each step."""

from mmpretrain.structures import DataSample
from safetensors.torch import load_file
from torch.utils.data import Dataset

from sslrecipes.registry import DATASETS


@DATASETS.register_module()
class StoredSteps(Dataset):
    """The images of a case, or their views; somebody must set ``epoch``."""

    def __init__(self, file, batch, steps_per_epoch):
        self.tensors, self.batch, self.steps_per_epoch, self.epoch = load_file(file), batch, steps_per_epoch, 0

    def __len__(self):
        return self.batch * self.steps_per_epoch

    def __getitem__(self, index):
        step, image = divmod(index, self.batch)
        start = f'in/step{self.epoch * self.steps_per_epoch + step}/'
        number = sum(name.startswith(f'{start}view') for name in self.tensors)
        views = [self.tensors[f'{start}view{view}'][image] for view in range(number)]
        label = int(self.tensors[f'{start}labels'][image])
        return dict(inputs=views or self.tensors[f'{start}x'][image], data_samples=DataSample().set_gt_label(label))
