"""Commands on automatic retraining: replay a history through the policies of production."""
