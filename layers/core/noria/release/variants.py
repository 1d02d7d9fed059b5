"""Names of an endpoint's variants: constant, so that capacity and autoscaling of the main one outlive an update."""

MAIN, CHALLENGER = "main", "challenger"
#: The variant of each side of a comparison.
SIDES = {"champion": MAIN, "challenger": CHALLENGER}
