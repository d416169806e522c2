#pragma once

// Tensor store: tensors that are written once and read many times, in memory up to a limit, then in
// an unnamed temporary file, which disappears with the process.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::evaluation {

class TensorStore {
 public:
  // `folder` holds the file when one is needed; empty: TMPDIR, else /tmp.
  TensorStore(std::size_t memory_limit, std::string folder);
  TensorStore(TensorStore&& other) noexcept;
  TensorStore& operator=(TensorStore&&) = delete;
  ~TensorStore();

  // Appends an entry. kResource when the disk is full.
  Status append(Tensors tensors);
  std::size_t size() const { return entries_.size(); }
  // Reads an entry: a pointer to the tensors in memory, or to `buffer`, into which they are read;
  // its memory is used again.
  Result<const Tensors*> read(std::size_t index, Tensors& buffer) const;

 private:
  struct Entry {
    Tensors tensors;  // with empty bytes when they are in the file
    std::uint64_t offset = 0;
    bool in_file = false;
  };
  Status open_file();

  std::size_t memory_limit_, memory_ = 0;
  std::string folder_;
  int fd_ = -1;
  std::uint64_t end_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace posittune::evaluation
