"""Parts a dataset into a training set and a holdout that the training job never sees, and fits the spec's preprocessing."""

from noria.kernel.entry import serves
from noria.preprocessing.preparing import prepare_dataset

lambda_handler = serves(prepare_dataset)
