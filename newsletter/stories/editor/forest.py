"""A few small trees that rate rows of numbers, and say which number brought how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Forest:
    """Trees side by side: row t of each table is tree t, its nodes in any order, the root first.

    A leaf is its own child, so that a walk that has arrived stays where it is.
    """

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
        return cls(
            columns=np.where(leaves, 0, columns),
            thresholds=thresholds,
            left=np.where(leaves, own, own + 1),
            right=right,
            values=values,
            depth=size // 2,
        )

    @property
    def bias(self) -> float:
        """The score of a row of which nothing is known."""
        return float(self.values[:, 0].sum())

    def score(self, matrix: Floats) -> Floats:
        """Return a score for each row of `matrix`."""
        trees = np.arange(len(self.values))
        nodes = np.zeros((len(matrix), len(trees)), dtype=np.int64)
        for _ in range(self.depth):
            nodes = self._step(matrix, nodes, trees)
        return np.asarray(self.values[trees, nodes].sum(axis=1))

    def contributions(self, matrix: Floats) -> Floats:
        """Return what each column brought to each row's score.

        On the way from a tree's root to a leaf, each step changes the average worth; the change is put down
        to the column that the step looked at (Saabas's path attribution). With `bias`, a row sums to `score`.
        """
        trees = np.arange(len(self.values))
        nodes = np.zeros((len(matrix), len(trees)), dtype=np.int64)
        brought = np.zeros_like(matrix)
        rows = np.broadcast_to(np.arange(len(matrix))[:, None], nodes.shape)
        for _ in range(self.depth):
            onward = self._step(matrix, nodes, trees)
            change = self.values[trees, onward] - self.values[trees, nodes]
            np.add.at(brought, (rows, self.columns[trees, nodes]), change)
            nodes = onward
        return brought

    def _step(self, matrix: Floats, nodes: Indices, trees: Indices) -> Indices:
        seen = np.take_along_axis(matrix, self.columns[trees, nodes], axis=1)
        goes_left = seen <= self.thresholds[trees, nodes]
        return np.where(goes_left, self.left[trees, nodes], self.right[trees, nodes])
