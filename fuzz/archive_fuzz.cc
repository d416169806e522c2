// read_archive on files of any content: a model that is written and read back unchanged, or an
// error; and no more memory than a small multiple of the file.

#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <new>
#include <random>

#include "fuzz.h"
#include "memory_file.h"
#include "posittune/exporter/archive.h"

namespace posittune::fuzz {
namespace {

// The most that one allocation may take. A code of 2 bits is decoded to 32.
std::size_t most_bytes = SIZE_MAX;
constexpr std::size_t kFactor = 16, kConstant = std::size_t{4} << 20;

const char* const kNumbers[] = {"0",
                                "1",
                                "-1",
                                "33",
                                "255",
                                "1.5",
                                "1e9",
                                "4294967296",
                                "9223372036854775807",
                                "18446744073709551615"};
const char* const kWords[] = {"null", "true", "[]", "{}", "\"\"", "\"U8\"", "\"F32\"", "[[[[[[[["};

using Random = std::minstd_rand;
std::size_t below(Random& random, std::size_t n) { return random() % std::max<std::size_t>(n, 1); }

// Another number in place of one, or another word in place of a text.
void change_token(std::string& json, Random& random) {
  const bool number = random() % 2 == 0;
  const auto begins = [&](char c) {
    return number ? std::isdigit(static_cast<unsigned char>(c)) != 0 : c == '"';
  };
  std::size_t at = below(random, json.size());
  while (at < json.size() && !begins(json[at])) ++at;
  std::size_t end = at + 1;
  while (end < json.size() && begins(json[end]) == number) ++end;
  if (!number) ++end;
  if (end > json.size()) return;
  const char* to = number ? kNumbers[below(random, std::size(kNumbers))]
                          : kWords[below(random, std::size(kWords))];
  json.replace(at, end - at, to);
}

// A stretch twice, or left out.
void change_stretch(std::string& json, Random& random) {
  const std::size_t at = below(random, json.size()), size = 1 + below(random, 100);
  if (random() % 2 == 0) {
    json.erase(at, size);
  } else {
    json.insert(at, json.substr(at, size));
  }
}

}  // namespace
}  // namespace posittune::fuzz

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  posittune::fuzz::require(size <= posittune::fuzz::most_bytes, "memory is bounded by the file");
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

// Changes of the header keep its length right, so that they reach behind the first check.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  using namespace posittune::fuzz;
  Random random(seed + 1);
  std::uint64_t length = 0;
  if (size >= 8) std::memcpy(&length, data, 8);
  if (size < 8 || length > size - 8) return size;
  std::string json(reinterpret_cast<const char*>(data) + 8, length);
  std::string rest(reinterpret_cast<const char*>(data) + 8 + length, size - 8 - length);
  for (std::size_t times = 1 + below(random, 3); times > 0; --times) {
    switch (below(random, 4)) {
      case 0:
        change_stretch(json, random);
        break;
      case 1:
        if (!rest.empty()) rest[below(random, rest.size())] = static_cast<char>(random());
        break;
      default:
        change_token(json, random);
    }
  }
  length = json.size();
  json.insert(0, reinterpret_cast<const char*>(&length), 8);
  json += rest;
  const std::size_t made = std::min(json.size(), most);
  std::memcpy(data, json.data(), made);
  return made;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune;
  static const fuzz::MemoryFile file;
  static const std::string written =
      (std::filesystem::temp_directory_path() / ("archive_fuzz-" + std::to_string(getpid())))
          .string();
  file.fill(data, size);
  fuzz::most_bytes = fuzz::kFactor * size + fuzz::kConstant;
  const auto model = exporter::read_archive(file.path());
  fuzz::most_bytes = SIZE_MAX;
  if (!model.ok()) {
    fuzz::require(!model.error().message().empty() && !model.error().where.empty(),
                  "errors say what is wrong, and where");
    return 0;
  }
  for (const auto& [name, weight] : model->weights) {
    const auto values = exporter::decoded(weight.codes, 1);
    fuzz::require(values.ok(), "what is read can be decoded", name);
    fuzz::require(values->size() == weight.codes.rows * weight.codes.cols, "all of it", name);
    const auto positions = model::stored_positions(weight.layout);
    fuzz::require(std::ranges::all_of(positions, [&](auto p) { return p < values->size(); }),
                  "weights lie in their tensor", name);
  }
  const Status again = exporter::write_archive(*model, written);
  fuzz::require(again.ok(), "what is read can be written", again ? "" : again.error().message());
  fuzz::require(exporter::read_archive(written).value() == *model, "and is the same then");
  std::filesystem::remove(written);
  return 0;
}
