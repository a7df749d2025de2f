"""Cats and dogs of 16 by 16 pixels, drawn afresh each time (chapter 01)."""

import numpy as np

SIZE = 16
KINDS = ("cat", "dog")


def draw_sprite(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw one head: a cat with two pointed ears and whiskers, a dog with hanging ears and a snout.

    Position, size and pixel noise vary, so that no single pixel gives the animal away.

    Returns
    -------
    ndarray of shape (16, 16), values in [0, 1]

    Raises
    ------
    ValueError
        If ``kind`` is not in ``KINDS``.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    x -= SIZE / 2 - 0.5 + rng.uniform(-1.5, 1.5)
    y -= SIZE / 2 + 1 + rng.uniform(-1, 1)
    radius = rng.uniform(4.2, 5.2)
    picture = _cat(x, y, radius) if kind == "cat" else _dog(x, y, radius)
    return np.clip(picture + rng.normal(0, 0.08, picture.shape), 0, 1)


def sprite_batch(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw ``n`` sprites of random kind.

    Returns
    -------
    pictures : ndarray of shape (n, 256)
        One flattened sprite a row.
    labels : ndarray of shape (n,)
        Places in ``KINDS``: 0 is a cat, 1 a dog.
    """
    labels = rng.integers(len(KINDS), size=n)
    return np.stack([draw_sprite(KINDS[label], rng).ravel() for label in labels]), labels


def _head(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    picture = np.where(x**2 + y**2 <= radius**2, 0.4, 0.0)
    eyes = (np.abs(np.abs(x) - radius * 0.42) < 0.7) & (np.abs(y + radius * 0.25) < 0.7)
    picture[eyes] = 1.0
    return picture


def _cat(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    picture = _head(x, y, radius)
    above = -y - radius * 0.55
    ears = (above > 0) & (np.abs(np.abs(x) - radius * 0.62) < (radius * 0.95 - above) * 0.45)
    whiskers = (np.abs(y - radius * 0.35) < 0.6) & (np.abs(x) > radius * 0.5) & (np.abs(x) < radius * 1.5)
    picture[ears] = 0.8
    picture[whiskers] = 0.9
    return picture


def _dog(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    picture = _head(x, y, radius)
    ears = ((np.abs(x) - radius * 1.05) / 1.4) ** 2 + ((y + radius * 0.1) / (radius * 0.8)) ** 2 <= 1
    snout = (x / 2.2) ** 2 + ((y - radius * 0.5) / 1.6) ** 2 <= 1
    picture[ears] = 0.8
    picture[snout] = 0.9
    return picture
