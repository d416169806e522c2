#pragma once

// What the benchmark programs share: data, targets, names and counters.
//
// A benchmark's name says all: operation/format or width/target/threads:N/elements, for example
//     quantize/posit<8,1>/avx2/threads:1/262144
// Google Benchmark adds "/real_time". items_per_second counts elements.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "posittune/formats/format.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/dispatch.h"

namespace posittune::bench {

inline constexpr std::size_t kInCache = 256 * 1024;  // 1 MiB of floats
inline constexpr std::size_t kMedium = 4 * 1024 * 1024;
inline constexpr std::size_t kLarge = 32 * 1024 * 1024;

// An array that starts at a cache line, its pages touched.
template <class T>
class Array {
 public:
  explicit Array(std::size_t size) : size_(size), data_(new (std::align_val_t{64}) T[size]()) {}
  std::span<T> span() const { return {data_.get(), size_}; }
  std::size_t bytes() const { return size_ * sizeof(T); }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };
  std::size_t size_;
  std::unique_ptr<T[], Free> data_;
};

enum class Data {
  kNormal,  // N(0, 1)
  kRelu,    // the same with negative values replaced by zero
};

// Always the same values for a size and a kind; the large arrays repeat the small ones.
std::span<const float> input(Data data, std::size_t size);

// Every format of the goals: posit<n,es> with n 2..16 and es 0..4, the known minifloats,
// int2..int16, MX.
std::vector<formats::Format> all_formats();
// Those that get a bench of everything: large arrays, two threads, the scalar twin.
std::vector<formats::Format> main_formats();

// "avx2" and the like, for all targets this processor runs, the best one first.
std::vector<const char*> supported_targets();

// Registers "NAME/TARGET/threads:N/SIZE": calls body() in a loop with TARGET in force. `prepare`
// runs once, before, and returns the body; `bytes` are read and written for each element.
using Body = std::function<Status()>;
void add(const std::string& name, const char* target, int threads, std::size_t size, double bytes,
         std::function<Body()> prepare);

// Parses the command line, records compiler and flags in the output, runs.
int run(int argc, char** argv);

}  // namespace posittune::bench
