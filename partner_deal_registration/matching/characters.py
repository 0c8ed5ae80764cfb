"""Likeness of two strings by their characters."""


def ratio(first, second):
    """``2 × longest common subsequence ÷ total length``, between 0 and 1."""
    if first == second:
        return 1.0
    if not first or not second:
        return 0.0
    return 2.0 * _common_length(first, second) / (len(first) + len(second))


def _common_length(first, second):
    """Length of the longest common subsequence, by bits of one integer."""
    positions = {}
    for place, char in enumerate(first):
        positions[char] = positions.get(char, 0) | 1 << place
    full = (1 << len(first)) - 1
    state = full
    for char in second:
        hit = state & positions.get(char, 0)
        state = ((state + hit) | (state - hit)) & full
    return len(first) - state.bit_count()
