// NpyReader on files of any content: an array that can be read to its end, but for numbers beyond
// float32, or an error.

#include "fuzz.h"
#include "memory_file.h"
#include "posittune/data/npy.h"

namespace posittune::fuzz {
namespace {

void check_array(const data::NpyReader& array, std::size_t file_bytes) {
  std::size_t product = 1;
  for (const std::size_t n : array.shape()) product *= n;
  require(product == array.size(), "size is the product of the shape");
  require(array.size() <= file_bytes, "the file holds the whole array");
  std::vector<float> values(array.size());
  if (const Status whole = array.read(0, values); !whole) {
    require(whole.error().kind == ErrorKind::kInput, "only numbers can be at fault");
    std::size_t at_fault = 0;
    for (std::size_t i = 0; i < array.size(); ++i)
      at_fault += array.read(i, {&values[i], 1}) ? 0 : 1;
    require(at_fault > 0, "the whole array can be read, but for numbers beyond float32");
  }
  float beyond[1];
  require(!array.read(array.size(), beyond).ok(), "reading past the end is an error");
}

}  // namespace
}  // namespace posittune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune;
  static const fuzz::MemoryFile file;
  file.fill(data, size);
  const auto array = data::NpyReader::open(file.path());
  if (array.ok()) {
    fuzz::check_array(*array, size);
  } else {
    fuzz::require(!array.error().message().empty(), "errors say what is wrong");
  }
  return 0;
}
