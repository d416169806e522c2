"""Rows from documents, and squares from photographs."""

import unittest

import numpy as np
from posittune.errors import Failure
from posittune.texts import documents, rows_of
from support import FolderCase


class Texts(FolderCase):
    def test_documents(self):
        file = self.folder / "text.txt"
        file.write_text("a\nb\n\n\nc\n \nd\n")
        self.assertEqual(documents(file), ["a\nb", "c", "d"])
        with self.assertRaises(Failure):
            documents(self.folder / "none.txt")

    def test_rows_share_no_document(self):
        # 0 begins a document. Row 1: documents 0 and 1 and two tokens of 2; row 2 begins with 3; the rest is too short.
        texts = ["11", "2", "3333", "444444444", "5"]
        found, first = rows_of(texts, lambda text: [int(letter) for letter in text], 0, 7)
        self.assertEqual(found.tolist(), [[0, 1, 1, 0, 2, 0, 3], [0, 4, 4, 4, 4, 4, 4]])
        self.assertEqual(first.tolist(), [0, 3])
        self.assertEqual((found.dtype, first.dtype), (np.int64, np.int64))

    def test_too_little_text(self):
        found, first = rows_of(["1"], lambda text: [1], 0, 7)
        self.assertEqual((found.shape, first.shape), ((0, 7), (0,)))


class Photographs(unittest.TestCase):
    def test_squares_lie_inside(self):
        from posittune.photographs import squares

        boxes = squares(640, 427, 300, np.random.default_rng(1))
        for left, top, right, bottom in boxes:
            self.assertEqual(right - left, bottom - top)
            self.assertGreaterEqual(right - left, int(0.4 * 427))
            self.assertTrue(0 <= left < right <= 640 and 0 <= top < bottom <= 427)

    def test_no_photograph_is_in_two_splits(self):
        from posittune.photographs import PHOTOGRAPHS

        self.assertEqual(len({p.name for p in PHOTOGRAPHS}), len(PHOTOGRAPHS))
        self.assertEqual({p.split for p in PHOTOGRAPHS}, {"calibrate", "search", "report"})


if __name__ == "__main__":
    unittest.main()
