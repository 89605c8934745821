"""How alike two pictures of the page are, when letters may be drawn a little differently but nothing may be
missing."""

from typing import NamedTuple

from PIL import Image, ImageChops

# Blocks of so many pixels are compared by their mean: that a letter begins half a pixel further on is hardly
# seen in it.
BLOCK = 4
# Of 255, in any colour: from here on a block is another one.
STRONG = 40
MOST_MEAN, MOST_STRONG = 0.03, 0.01
# A part of the picture, in blocks: what fills a small card is little of the page, but most of its part.
PART = 32
MOST_STRONG_IN_PART = 0.1


class Unlike(NamedTuple):
    """Shares of 0 to 1: mean difference, strongly differing blocks of the picture, and of its worst part."""

    mean: float
    strong: float
    worst: float

    @property
    def alike(self) -> bool:
        return self.mean < MOST_MEAN and self.strong < MOST_STRONG and self.worst < MOST_STRONG_IN_PART


def compared(one: Image.Image, other: Image.Image) -> Unlike:
    """Two pictures of one size."""
    assert one.size == other.size, f"{one.size} and {other.size} are not the same size"
    red, green, blue = ImageChops.difference(_blocks(one), _blocks(other)).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    strong = most.point(lambda value: 255 if value > STRONG else 0)
    width, height = strong.size
    parts = [
        _mean(strong.crop((x, y, min(x + PART, width), min(y + PART, height))))
        for x in range(0, width, PART // 2)
        for y in range(0, height, PART // 2)
    ]
    return Unlike(sum(map(_mean, (red, green, blue))) / 3, _mean(strong), max(parts))


def _blocks(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB").reduce(BLOCK)


def _mean(grey: Image.Image) -> float:
    histogram = grey.histogram()
    return sum(value * count for value, count in enumerate(histogram)) / sum(histogram) / 255
