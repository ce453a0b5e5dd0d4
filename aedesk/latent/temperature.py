"""How far new codes may lie from the middle of what they are drawn from."""

HOTTEST = 2.0
"""The highest temperature."""
