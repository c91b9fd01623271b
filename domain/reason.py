"""Why somebody did something, in his own words: what of that can be kept."""

LONGEST_REASON = 200


def reason_fits(reason: str) -> bool:
    """Whether `reason`, which may be empty, can be kept: one line of printable characters, and no long one."""
    return len(reason) <= LONGEST_REASON and reason.isprintable()
