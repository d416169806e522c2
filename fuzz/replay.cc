// Runs a fuzz target over the files of a folder, and over changed copies of each, without a fuzzer.
// The changes follow from the file's number alone, so a failure can be repeated.
//
//     TARGET FOLDER [CHANGED COPIES]     POSITTUNE_FUZZ_CHANGES: at most so many

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Changes that know what the bytes mean, of targets that have them.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                             std::size_t most, unsigned seed);

namespace {

using Bytes = std::vector<std::uint8_t>;

// Changed copies of all files together.
std::size_t changes(int argc, char** argv) {
  const char* most = std::getenv("POSITTUNE_FUZZ_CHANGES");
  const std::size_t wanted = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 500;
  return most == nullptr ? wanted : std::min<std::size_t>(wanted, std::strtoul(most, nullptr, 10));
}

// Cut short, a byte replaced, a bit turned over, or a stretch repeated.
Bytes changed(Bytes bytes, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  for (std::size_t times = 1 + below(4); times > 0 && !bytes.empty(); --times) {
    const std::size_t at = below(bytes.size());
    switch (below(4)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes[at] = static_cast<std::uint8_t>(random());
        break;
      case 2:
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1U << below(8)));
        break;
      default: {
        const Bytes stretch(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
        if (bytes.size() < 4096) bytes.insert(bytes.end(), stretch.begin(), stretch.end());
      }
    }
  }
  return bytes;
}

Bytes changed_as_meant(Bytes bytes, std::mt19937& random) {
  const std::size_t size = bytes.size(), most = size + 4096;
  bytes.resize(most);
  bytes.resize(LLVMFuzzerCustomMutator(bytes.data(), size, most, static_cast<unsigned>(random())));
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "error: no seeds in %s\n", argv[1]);
    return 1;
  }
  std::mt19937 random(1);
  for (const Bytes& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
  const std::size_t count = changes(argc, argv);
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes& seed = seeds[i % seeds.size()];
    const bool meant = LLVMFuzzerCustomMutator != nullptr && random() % 4 != 0;
    const Bytes bytes = meant ? changed_as_meant(seed, random) : changed(seed, random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%zu seeds, %zu changed\n", seeds.size(), count);
  return 0;
}
