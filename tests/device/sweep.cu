// All 2^32 floats under six formats on a device, compared by hashes with the kernels of the CPU,
// and the rates of the library's kernels as a table in Markdown. Needs a driver, nothing else.
//
//   posittune_cuda_sweep hashes.txt            exit 0: all equal; 1: not; 77: no device
//   posittune_cuda_sweep hashes.txt SLABS      the first slabs alone, and small arrays (tests
//   without
//                                              a device run it so)

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "posittune/cuda/arithmetic.h"
#include "posittune/cuda/device_api.h"
#include "tests/device/hash.h"
#include "tests/device/memory.h"

namespace posittune::cuda {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kSums = 1 << 16;  // threads that hash, and partial sums

__global__ void fill_patterns(std::uint32_t first, std::int64_t n, float* x) {
  const std::int64_t i = thread_index();
  if (i < n) x[i] = float_of(first + static_cast<std::uint32_t>(i));
}

__global__ void hash_results(std::uint32_t first, std::int64_t n, const float* y,
                             const std::uint8_t* codes, std::uint64_t* sums) {
  const std::int64_t thread = thread_index();
  std::uint64_t sum = 0;
  for (std::int64_t i = thread; i < n; i += kSums)
    sum += hash_of(first + static_cast<std::uint32_t>(i), pattern_of(y[i]), codes[i]);
  sums[thread] = sum;
}

// What rates are measured on: a bell curve by the sum of four uniform numbers.
__global__ void fill_normal(std::int64_t n, float* x) {
  const std::int64_t i = thread_index();
  if (i >= n) return;
  const std::uint64_t random = mixed(static_cast<std::uint64_t>(i) + 1);
  float sum = -4.0f;
  for (int j = 0; j < 4; ++j) sum += static_cast<float>(random >> (16 * j) & 0xffff) / 32768.0f;
  x[i] = sum * 0.1f;
}

std::int64_t blocks_of(std::int64_t threads) { return (threads + kThreads - 1) / kThreads; }

struct Expected {
  std::string name;
  Parameters parameters;
  std::vector<std::uint64_t> hashes;  // of slabs
};

std::vector<Expected> read_expected(const char* path) {
  std::ifstream file(path);
  std::vector<Expected> all;
  std::string name, bytes;
  while (file >> name >> bytes) {
    Expected e{name, {}, std::vector<std::uint64_t>(kSlabs)};
    auto* raw = reinterpret_cast<unsigned char*>(&e.parameters);
    for (std::size_t i = 0; i < sizeof(Parameters) && 2 * i + 1 < bytes.size(); ++i)
      raw[i] = static_cast<unsigned char>(std::stoul(bytes.substr(2 * i, 2), nullptr, 16));
    for (std::uint64_t& hash : e.hashes) file >> std::hex >> hash;
    if (!file || bytes.size() != 2 * sizeof(Parameters) || e.parameters.abi != kAbi) {
      std::fprintf(stderr, "error: %s does not fit this program\n", path);
      std::exit(1);
    }
    all.push_back(e);
  }
  return all;
}

// Prints the first pattern of a slab that differs from the same arithmetic on this CPU.
void explain(const Expected& e, std::uint32_t first, const std::vector<float>& y,
             const std::vector<std::uint8_t>& codes) {
  with_algorithm(e.parameters.algorithm, [&]<Algorithm kAlgorithm>() {
    const Scale one = scale_of(1);
    for (std::uint32_t i = 0; i < y.size(); ++i) {
      const float x = float_of(first + i);
      const std::uint32_t value = pattern_of(quantize_one<kAlgorithm>(e.parameters, x, one));
      const std::uint32_t code = encode_one<kAlgorithm>(e.parameters, x, one);
      if (value == pattern_of(y[i]) && code == codes[i]) continue;
      std::printf("  %s of %08x: value %08x, expected %08x; code %02x, expected %02x\n",
                  e.name.c_str(), first + i, pattern_of(y[i]), value, unsigned{codes[i]}, code);
      return 0;
    }
    std::printf("  %s: the CPU's same arithmetic gives the same: is the file of hashes stale?\n",
                e.name.c_str());
    return 0;
  });
}

// The number of slabs that differ.
int sweep(const Expected& e, int slabs) {
  const Array<float> x(kSlab), y(kSlab);
  const Array<std::uint8_t> codes(kSlab);
  const Array<std::uint64_t> sums(kSums);
  const Array<float> scale(std::vector<float>{1.0f});
  const Layout layout{1, kSlab, 1, 0};
  int faults = 0;
  for (int slab = 0; slab < slabs; ++slab) {
    const auto first = static_cast<std::uint32_t>(slab * kSlab);
    require(launch(&fill_patterns, blocks_of(kSlab), kThreads, nullptr, first, kSlab, x.data()),
            "patterns");
    require(
        posittune_cuda_quantize(&e.parameters, x.data(), layout, scale.data(), y.data(), nullptr),
        "quantize");
    require(
        posittune_cuda_encode(&e.parameters, x.data(), layout, scale.data(), codes.data(), nullptr),
        "encode");
    require(launch(&hash_results, kSums / kThreads, kThreads, nullptr, first, kSlab, y.data(),
                   codes.data(), sums.data()),
            "hash");
    std::uint64_t hash = 0;
    for (const std::uint64_t sum : sums.values()) hash += sum;
    if (hash == e.hashes[static_cast<std::size_t>(slab)]) continue;
    if (faults++ == 0) explain(e, first, y.values(), codes.values());
  }
  return faults;
}

// Seconds of a run: the least of several.
template <class Work>
double best(Work work) {
  double least = 1e9;
  for (int i = 0; i < 12; ++i) {
    const double taken = seconds(work);
    if (i >= 2 && taken < least) least = taken;
  }
  return least;
}

void row(const std::string& what, double bytes, double taken, double copy_rate) {
  std::printf("| %s | %.3f | %.0f | %.2f |\n", what.c_str(), taken * 1e3, bytes / taken / 1e9,
              bytes / taken / copy_rate);
}

void rates(const std::vector<Expected>& formats, std::int64_t n) {
  constexpr std::int64_t kCols = 4096, kGroup = 128;
  const std::int64_t rows = n / kCols;
  const Array<float> x(n), y(n);
  const Array<std::uint8_t> codes(n);
  const Array<float> scales(std::vector<float>(static_cast<std::size_t>(n / kGroup), 8.0f));
  require(launch(&fill_normal, blocks_of(n), kThreads, nullptr, n, x.data()), "values");
  const auto count = static_cast<double>(n);
  const double copied = 8 * count / best([&] {
                          copy_on_device(y.data(), x.data(), 4 * static_cast<std::size_t>(n));
                        });
  std::printf("\n%lld elements of float32; GB/s of what is read and written.\n\n",
              static_cast<long long>(n));
  std::printf("| kernel | ms | GB/s | of copy |\n|---|---:|---:|---:|\n");
  row("copy on the device", 8 * count, 8 * count / copied, copied);
  const struct {
    const char* name;
    Layout layout;
  } layouts[] = {{"a scale", {1, n, 1, 0}},
                 {"a scale for each row", {rows, kCols, rows, 0}},
                 {"for each 128 columns", {rows, kCols, rows, kGroup}}};
  for (const Expected& e : formats) {
    for (const auto& [name, layout] : layouts) {
      const auto work = [&, layout = layout] {
        require(posittune_cuda_quantize(&e.parameters, x.data(), layout, scales.data(), y.data(),
                                        nullptr),
                "quantize");
      };
      row(e.name + " quantize, " + name, 8 * count, best(work), copied);
    }
    const Layout layout = layouts[1].layout;
    const auto encode = [&] {
      require(posittune_cuda_encode(&e.parameters, x.data(), layout, scales.data(), codes.data(),
                                    nullptr),
              "encode");
    };
    const auto decode = [&] {
      require(posittune_cuda_decode(&e.parameters, codes.data(), layout, scales.data(), y.data(),
                                    nullptr),
              "decode");
    };
    row(e.name + " encode, a scale for each row", 5 * count, best(encode), copied);
    row(e.name + " decode, a scale for each row", 5 * count, best(decode), copied);
  }
}

int run(const char* path, int slabs) {
  const char* why = "";
  const std::vector<char> name = device_name(&why);
  if (name.empty()) {
    std::printf("skip: no device to test on: %s\n", why);
    return 77;
  }
  std::printf("Device: %s\n\n| format | patterns | differ |\n|---|---:|---:|\n", name.data());
  const std::vector<Expected> formats = read_expected(path);
  int faults = 0;
  for (const Expected& e : formats) {
    const int differ = sweep(e, slabs);
    std::printf("| %s | %lld | %s |\n", e.name.c_str(), static_cast<long long>(slabs * kSlab),
                differ == 0 ? "none" : (std::to_string(differ) + " slabs").c_str());
    faults += differ;
  }
  rates(formats, slabs < kSlabs ? 1 << 16 : 1 << 28);
  return faults == 0 && !formats.empty() ? 0 : 1;
}

}  // namespace
}  // namespace posittune::cuda

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: posittune_cuda_sweep HASHES [SLABS]\n");
    return 2;
  }
  const int slabs = argc == 3 ? std::atoi(argv[2]) : posittune::cuda::kSlabs;
  if (slabs < 1 || slabs > posittune::cuda::kSlabs) return 2;
  return posittune::cuda::run(argv[1], slabs);
}
