// Hashes of all 2^32 floats under six formats, by the kernels of the CPU, for
// tests/device/sweep.cu.
//
//   cuda_hashes > tests/device/hashes.txt     the file, in a minute or two
//   cuda_hashes --check tests/device/hashes.txt   exit 1 where it differs; POSITTUNE_SWEEP_STRIDE
//                                             (tests/sweep.h) checks a part of the hashes
//
// For each format: its name, its Parameters as bytes, then a hash for each slab of patterns.

#include <atomic>
#include <bit>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "posittune/base/threads.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/plan.h"
#include "posittune/kernels/target.h"
#include "tests/device/hash.h"
#include "tests/sweep.h"

namespace posittune::cuda {
namespace {

constexpr const char* kFormats[] = {"posit<8,0>", "posit<8,1>", "posit<8,2>",
                                    "posit<6,1>", "fp8_e4m3",   "int8"};

formats::Format format_of(const char* name) { return formats::parse_format(name).value(); }

std::uint64_t slab_hash(const kernels::Plan& plan, std::int64_t slab) {
  constexpr std::int64_t kPart = 1 << 13;
  const kernels::Target& target = kernels::active_target();
  std::atomic<std::uint64_t> sum{0};
  parallel_for(kSlab / kPart, 0, [&](std::size_t part) {
    static thread_local struct {
      float x[kPart], values[kPart];
      std::uint8_t codes[kPart];
    } b;
    const auto first =
        static_cast<std::uint32_t>(slab * kSlab) + static_cast<std::uint32_t>(part * kPart);
    for (std::uint32_t i = 0; i < kPart; ++i) b.x[i] = std::bit_cast<float>(first + i);
    target.quantize[static_cast<std::size_t>(plan.kind)](plan, b.x, b.values, kPart, 1, 1);
    target.encode8[static_cast<std::size_t>(plan.encode_kind)](plan, b.x, b.codes, kPart, 1, 1);
    std::uint64_t hash = 0;
    for (std::uint32_t i = 0; i < kPart; ++i)
      hash += hash_of(first + i, pattern_of(b.values[i]), b.codes[i]);
    sum += hash;
  });
  return sum;
}

std::string bytes_of(const Parameters& p) {
  unsigned char bytes[sizeof p];
  std::memcpy(bytes, &p, sizeof p);
  std::string text;
  for (const unsigned char byte : bytes) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", byte);
    text += pair;
  }
  return text;
}

void print() {
  for (const char* name : kFormats) {
    std::printf("%s\n%s\n", name, bytes_of(parameters_of(format_of(name))).c_str());
    const kernels::Plan plan = kernels::make_plan(format_of(name));
    for (int slab = 0; slab < kSlabs; ++slab)
      std::printf("%016llx%c", static_cast<unsigned long long>(slab_hash(plan, slab)),
                  slab % 6 == 5 || slab == kSlabs - 1 ? '\n' : ' ');
  }
}

int check(const char* path) {
  const auto sample = testing_support::Sample::from_environment();
  std::ifstream file(path);
  int checked = 0, faults = 0;
  for (const char* name : kFormats) {
    std::string found, bytes;
    file >> found >> bytes;
    if (found != name || bytes != bytes_of(parameters_of(format_of(name)))) {
      std::printf("%s: '%s' has other parameters than %s; do: cuda_hashes > %s\n", path,
                  found.c_str(), name, path);
      return 1;
    }
    const kernels::Plan plan = kernels::make_plan(format_of(name));
    for (int slab = 0; slab < kSlabs; ++slab) {
      std::uint64_t hash = 0;
      file >> std::hex >> hash;
      if (!sample.visits(static_cast<std::size_t>(slab))) continue;
      ++checked;
      const std::uint64_t expected = slab_hash(plan, slab);
      if (hash == expected) continue;
      ++faults;
      std::printf("%s, slab %d: hash %016llx, expected %016llx\n", name, slab,
                  static_cast<unsigned long long>(hash), static_cast<unsigned long long>(expected));
    }
  }
  std::printf("%d hashes checked, %d faults\n", checked, faults);
  return faults == 0 && checked > 0 && file ? 0 : 1;
}

}  // namespace
}  // namespace posittune::cuda

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--check") return posittune::cuda::check(argv[2]);
  if (argc == 1) {
    posittune::cuda::print();
    return 0;
  }
  std::fprintf(stderr, "usage: cuda_hashes [--check FILE]\n");
  return 2;
}
