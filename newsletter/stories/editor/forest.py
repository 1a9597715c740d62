"""A few small trees that rate rows of numbers, and say which number brought how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Forest:
    """Trees one behind the other: each table has an entry for every node of every tree.

    A leaf is its own child, so that a walk that has arrived stays where it is.
    """

    #: The node that each tree begins with.
    roots: Indices

    #: Column that a node looks at; 0 in leaves.
    columns: Indices
    #: A row whose number is at most this goes left.
    thresholds: Floats
    left: Indices
    right: Indices
    #: What a node's rows are worth on average; in a leaf, what the tree adds to the score.
    values: Floats
    #: Steps from the root to the deepest leaf.
    depth: int

    @classmethod
    def of(cls, trees: Sequence[Mapping[str, Sequence[float]]]) -> "Forest":
        """Read trees as they are written.

        Args:
            trees: Of each tree, its nodes in the order of a walk that takes the left branch first: `columns`
                (-1 in leaves), `thresholds` (of the nodes that are no leaves) and `values`.
        """
        size = max(len(tree["columns"]) for tree in trees)
        columns = np.full((len(trees), size), -1, dtype=np.int64)
        thresholds, values = np.zeros(columns.shape), np.zeros(columns.shape)
        right = np.tile(np.arange(size), (len(trees), 1))
        for row, tree in enumerate(trees):
            columns[row, : len(tree["columns"])] = tree["columns"]
            thresholds[row, columns[row] >= 0] = tree["thresholds"]
            values[row, : len(tree["values"])] = tree["values"]
            open_nodes: list[int] = []
            for node in range(len(tree["columns"]) - 1):
                if columns[row, node] >= 0:
                    open_nodes.append(node)
                else:
                    right[row, open_nodes.pop()] = node + 1
        leaves = columns < 0
        own = np.arange(size)
        roots = np.arange(0, columns.size, size)
        return cls(
            roots=roots,
            columns=np.where(leaves, 0, columns).ravel(),
            thresholds=thresholds.ravel(),
            left=(np.where(leaves, own, own + 1) + roots[:, None]).ravel(),
            right=(right + roots[:, None]).ravel(),
            values=values.ravel(),
            depth=size // 2,
        )

    @property
    def bias(self) -> float:
        """The score of a row of which nothing is known."""
        return float(self.values[self.roots].sum())

    def score(self, matrix: Floats) -> Floats:
        """Return a score for each row of `matrix`."""
        nodes = np.tile(self.roots, (len(matrix), 1))
        for _ in range(self.depth):
            nodes = self._step(matrix, nodes)
        return np.asarray(self.values.take(nodes).sum(axis=1))

    def contributions(self, matrix: Floats) -> Floats:
        """Return what each column brought to each row's score.

        On the way from a tree's root to a leaf, each step changes the average worth; the change is put down
        to the column that the step looked at (Saabas's path attribution). With `bias`, a row sums to `score`.
        """
        nodes = np.tile(self.roots, (len(matrix), 1))
        brought = np.zeros(matrix.size)
        for _ in range(self.depth):
            onward = self._step(matrix, nodes)
            change = self.values.take(onward) - self.values.take(nodes)
            brought += np.bincount(self._cells(matrix, nodes).ravel(), change.ravel(), matrix.size)
            nodes = onward
        return brought.reshape(matrix.shape)

    def _step(self, matrix: Floats, nodes: Indices) -> Indices:
        goes_left = matrix.ravel().take(self._cells(matrix, nodes)) <= self.thresholds.take(nodes)
        return np.where(goes_left, self.left.take(nodes), self.right.take(nodes))

    def _cells(self, matrix: Floats, nodes: Indices) -> Indices:
        """Return which number of the whole matrix each node looks at, one row a row."""
        rows, columns = matrix.shape
        return np.asarray(self.columns.take(nodes) + columns * np.arange(rows)[:, None])
