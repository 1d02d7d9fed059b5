"""The demonstration on real data: from an upload to a prediction, six years of healing, and two releases under traffic."""
