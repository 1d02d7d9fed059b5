"""Time spans as a person says them."""


def duration(seconds: float) -> str:
    """A time span as a person says it: `42 s`, `7 min`, `3 h 20 min`, `2 days`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{minutes // 1440} days"
