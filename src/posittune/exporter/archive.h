#pragma once

// Archives: a model's numbers under a recipe in one safetensors file, packed to their bits.
//
//   metadata             posittune: "1"; model_sha256; recipe: JSON; "weights/NAME" and
//                        "inputs/LAYER": archive_json.h
//   weights/NAME/G/codes      U8 [bytes]: packed codes of group G, the dense little-endian string
//                             of bits of kernels::pack(), row by row
//   weights/NAME/G/scales     F32, or U8 where all are powers of two: E8M0, 2^(n - 127). [1], or
//                             [rows, groups of columns]. A value is that of its code / the scale
//   weights/NAME/G/repeats    U32 [n]: scales has a row for so many rows of the group each, n in
//                             all; where that takes less than half
//   weights/NAME/G/exponents  U8 [rows, blocks]: E8M0, of MX blocks
//   weights/NAME/G/rows       U32 [n, 2]: first row and count of each stretch of rows of the
//                             weight; left out where the group has all of them
//   weights/NAME/G/formats    U8 [bytes]: of each row, packed to ceil(log2 formats) bits; left out
//                             where the group has one format
//   inputs/LAYER              F32 [operands]: scales of an input; left out where they are chosen
//                             per token
//   corrections/LAYER         F32 [rows]: added to biases
//
// posittune/archive.py reads them with NumPy alone.

#include <string>

#include "posittune/base/result.h"
#include "posittune/exporter/portable_model.h"

namespace posittune::exporter {

// Writes an archive, whole or not at all; equal models give equal bytes. kInput for a model whose
// parts do not fit (check()) or whose names are no UTF-8; kInput, kResource of the file.
Status write_archive(const PortableModel& model, const std::string& path);

// The model again: equal to what was written. kInput where a part is missing, does not fit the
// others, or belongs to nothing.
Result<PortableModel> read_archive(const std::string& path);

}  // namespace posittune::exporter
