#pragma once

// Archives of NumPy, .npz: a zip file whose entries are .npy arrays, stored (numpy.savez) or
// deflated (numpy.savez_compressed).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

struct NpzArray {
  std::string name;  // without ".npy"
  std::string type;  // NumPy's descr, as "<i4"
  TensorShape shape;
};

// A reader of archives. Every error names the file and, where there is one, the array. kInput: not
// a zip file, truncated, damaged, an entry that is no array or whose size its shape does not match,
// a name twice, a type that is no number. kUnsupported: encrypted, or another compression.
// kResource: more bytes than the machine has memory. kInterrupted after a signal. No entry makes us
// allocate more than its compressed size can hold.
class NpzReader {
 public:
  static Result<NpzReader> open(const std::string& path);
  NpzReader(NpzReader&&) noexcept;
  NpzReader& operator=(NpzReader&&) noexcept;
  ~NpzReader();

  const std::string& path() const;
  const std::vector<NpzArray>& arrays() const;  // archive order

  // Reads array number `index`, at most `rows` rows of it along axis 0 (a scalar is read whole).
  // Both byte orders, and C and Fortran order, are read. Types that Tensor does not have become the
  // next wider one: uint16 int32, uint32 int64, and uint64 int64, where a number above 2^63-1 is a
  // kInput error. Not for several threads at once.
  Result<Tensor> read(std::size_t index, std::size_t rows = SIZE_MAX) const;

 private:
  struct State;
  explicit NpzReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace posittune::data
