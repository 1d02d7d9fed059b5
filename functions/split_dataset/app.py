"""Parts a dataset into a training set and a holdout that the training job never sees."""

from noria.data.reading import split_dataset
from noria.kernel.entry import serves

lambda_handler = serves(split_dataset)
