// NpzReader on files of any content: arrays that can be read whole, or an error.

#include "fuzz.h"
#include "memory_file.h"
#include "posittune/data/npz.h"

namespace posittune::fuzz {
namespace {

// Deflate makes at most 1032 bytes of one, and an element becomes at most twice as wide.
constexpr std::size_t kLargest = 1032 * 2;

void check_tensor(const Result<Tensor>& tensor, const TensorShape& shape, std::size_t file_bytes) {
  if (!tensor.ok()) {
    require(!tensor.error().message().empty(), "errors say what is wrong");
    return;
  }
  require(tensor->shape == shape, "a tensor has the shape that was announced");
  require(tensor->bytes.size() == tensor->size() * element_bytes(tensor->type), "bytes fit shape");
  require(tensor->bytes.size() <= file_bytes * kLargest, "memory is bounded by the file");
}

}  // namespace
}  // namespace posittune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune;
  static const fuzz::MemoryFile file;
  file.fill(data, size);
  const auto archive = data::NpzReader::open(file.path());
  if (!archive.ok()) {
    fuzz::require(!archive.error().message().empty(), "errors say what is wrong");
    return 0;
  }
  for (std::size_t i = 0; i < archive->arrays().size(); ++i) {
    TensorShape shape = archive->arrays()[i].shape;
    fuzz::check_tensor(archive->read(i), shape, size);
    if (shape.empty() || shape.front() == 0) continue;
    shape.front() = 1;
    fuzz::check_tensor(archive->read(i, 1), shape, size);
  }
  return 0;
}
