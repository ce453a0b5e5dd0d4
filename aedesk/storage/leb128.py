"""Whole numbers in as many bytes as they need: seven bits in each, the lowest first, and whether another follows."""

from __future__ import annotations

_MOST = 5  # bytes of a number: 35 bits


def packed(number: int) -> bytes:
    """A number from 0 to 2**35 - 1. Raises ValueError for others."""
    if not 0 <= number < 1 << 7 * _MOST:
        raise ValueError(f"{number} takes more than {_MOST} bytes, or is negative")
    content = bytearray()
    while number >= 0x80:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    content.append(number)
    return bytes(content)


def packed_signed(number: int) -> bytes:
    """A number that may be negative: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return packed(2 * number if number >= 0 else -2 * number - 1)


class Reader:
    """Goes through bytes from anywhere. Each method raises ValueError where they end too early."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > len(self._content) - self._at:
            raise ValueError("cut off")
        self._at += count
        return self._content[self._at - count : self._at]

    def number(self) -> int:
        """What `packed` packed."""
        number = 0
        for place in range(_MOST):
            (byte,) = self.take(1)
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return number
        raise ValueError("a number without an end")

    def signed(self) -> int:
        """What `packed_signed` packed."""
        number = self.number()
        return -(number >> 1) - 1 if number & 1 else number >> 1

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._content) - self._at)
