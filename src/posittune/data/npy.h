#pragma once

// Files of NumPy, .npy (format versions 1 to 3, NEP 1), read and written piece by piece.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "posittune/base/files.h"
#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/data/npy_header.h"
#include "posittune/data/npy_numbers.h"

namespace posittune::data {

// An array of numbers as float32 in C order, read by position. Types, byte orders and Fortran order
// are those of npz.h. float64 and integers are rounded to the nearest float32.
class NpyReader {
 public:
  // Opens a file. kInput: not an npy file, truncated, a type that is no number, a shape that the
  // file's size does not match. kResource: Fortran order, which is read whole, and larger than the
  // memory.
  static Result<NpyReader> open(const std::string& path);

  const std::vector<std::size_t>& shape() const { return shape_; }
  std::size_t size() const { return size_; }  // elements
  const std::string& path() const { return file_.path(); }
  // Reads elements [first, first + out.size()). kInput for a finite float64 beyond float32.
  Status read(std::size_t first, std::span<float> out) const;
  // Reads the whole array, with the type that npz.h says. kResource: larger than the memory.
  Result<Tensor> read_all() const;

 private:
  NpyReader(InputFile file, std::uint64_t offset, NpyHeader header, NumberType number);
  Status reorder();
  InputFile file_;
  std::uint64_t offset_;
  std::string type_;
  NumberType number_;
  bool fortran_;
  Bytes ordered_;  // the whole array in C order, where the file has Fortran order
  std::vector<std::size_t> shape_;
  std::size_t size_;
};

// Writes an array of `type` ("<f4", "|u1", "<u2", "<u4"), C order. The file appears with commit().
class NpyWriter {
 public:
  static Result<NpyWriter> create(const std::string& path, const std::string& type,
                                  const std::vector<std::size_t>& shape);
  Status write(std::span<const std::byte> bytes) { return file_.write(bytes); }
  Status sync() { return file_.sync(); }
  Status commit() { return file_.commit(); }

 private:
  explicit NpyWriter(AtomicFile file) : file_(std::move(file)) {}
  AtomicFile file_;
};

}  // namespace posittune::data
