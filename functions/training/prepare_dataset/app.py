"""Parts a dataset into a training set and a holdout that the training job never sees, and fits the spec's preprocessing."""

from noria.kernel.handler import lambda_handler_for
from noria.preprocessing.prepare import prepare_dataset

lambda_handler = lambda_handler_for(prepare_dataset)
