#pragma once

// NumPy's .npy files (format versions 1 to 3, NEP 1), read and written piece by piece.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "posittune/base/files.h"
#include "posittune/base/result.h"

namespace posittune::data {

// A float32 array in C order, read by position.
class NpyReader {
 public:
  // Errors (kInput): not an npy file, truncated, another type or order, a shape that the file's
  // size does not match.
  static Result<NpyReader> open(const std::string& path);

  const std::vector<std::size_t>& shape() const { return shape_; }
  std::size_t size() const { return size_; }  // elements
  const std::string& path() const { return file_.path(); }
  // Elements [first, first + out.size()).
  Status read(std::size_t first, std::span<float> out) const;

 private:
  NpyReader(InputFile file, std::uint64_t offset, std::vector<std::size_t> shape, std::size_t size);
  InputFile file_;
  std::uint64_t offset_;
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
