"""What differs between two answers, one line for each aspect."""
from sympa.differences import ADDED_FOR_THE_SERVER, NOT_FOR_THE_SERVER

ASPECTS = ("status", "interim", "location", "cookies", "fields", "body", "seen")


def without_routine(echo):
    """The echo of a request without what every request through the one front has and through the other has not."""
    return {name: value for name, value in echo.items() if name not in ADDED_FOR_THE_SERVER and name not in NOT_FOR_THE_SERVER}


def comparable(aspect, value):
    if aspect == "body" and isinstance(value, dict):
        return without_routine(value)
    return value


def differences(reference, ours):
    """{aspect: (with Apache, with Sallyport)}"""
    found = {}
    for aspect in ASPECTS:
        one, other = comparable(aspect, reference[aspect]), comparable(aspect, ours[aspect])
        if one != other:
            found[aspect] = (one, other)
    return found


def shown(pair):
    """The two values, or those parts of them that differ."""
    one, other = pair
    if isinstance(one, list) and isinstance(other, list):
        return f"Apache alone {[part for part in one if part not in other]}, Sallyport alone {[part for part in other if part not in one]}"
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
        return "; ".join(f"{key}: Apache {one.get(key)!r}, Sallyport {other.get(key)!r}" for key in keys)
    if isinstance(one, str) and isinstance(other, str) and len(one) + len(other) > 400:
        at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
        return f"from octet {at} on: Apache {one[max(at - 60, 0):at + 120]!r}, Sallyport {other[max(at - 60, 0):at + 120]!r}"
    return f"Apache {one!r}, Sallyport {other!r}"
