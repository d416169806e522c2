// The kernels of device_api.h. Compiled by nvcc into the library posittune_cuda, and by tests as
// C++ (launch.h).

#include <cstdint>

#include "posittune/cuda/arithmetic.h"
#include "posittune/cuda/device_api.h"
#include "posittune/cuda/launch.h"

namespace posittune::cuda {
namespace {

constexpr int kThreads = 256;

// floor(i / d). Below 2^31 by a product: with 2^s >= d and m = floor(2^(31+s) / d) + 1 it exceeds
// the quotient by less than 1 / d. Larger arrays divide.
struct Divider {
  std::uint64_t multiplier;
  std::int32_t shift;
  std::int64_t divisor;

  static Divider of(std::int64_t d, std::int64_t most) {
    if (most > INT32_MAX || d > INT32_MAX) return {0, 0, d};
    std::int32_t s = 0;
    while ((std::int64_t{1} << s) < d) ++s;
    return {(std::uint64_t{1} << (31 + s)) / static_cast<std::uint64_t>(d) + 1, 31 + s, d};
  }
  __host__ __device__ std::int64_t quotient(std::int64_t i) const {
    if (multiplier == 0) return i / divisor;
    return static_cast<std::int64_t>((static_cast<std::uint64_t>(i) * multiplier) >> shift);
  }
};

// Which scale element i has.
struct ScaleIndex {
  Divider cols, channels, group;
  std::int64_t per_channel;
  bool one;     // the same for all
  bool cyclic;  // there are more rows than channels

  static ScaleIndex of(const Layout& layout) {
    const std::int64_t size = layout.rows * layout.cols;
    const bool whole = layout.group == 0 || layout.group > layout.cols;
    const std::int64_t group = whole ? layout.cols : layout.group;
    const std::int64_t per_channel = (layout.cols + group - 1) / group;
    return {Divider::of(layout.cols, size),
            Divider::of(layout.channels, size),
            Divider::of(group, size),
            per_channel,
            layout.channels == 1 && per_channel == 1,
            layout.rows > layout.channels};
  }
  // Each four elements from a multiple of four on share a scale.
  bool fours() const { return one || (cols.divisor % 4 == 0 && group.divisor % 4 == 0); }

  __host__ __device__ std::int64_t at(std::int64_t i) const {
    if (one) return 0;
    std::int64_t row = cols.quotient(i);
    const std::int64_t col = i - row * cols.divisor;
    if (cyclic) row -= channels.quotient(row) * channels.divisor;
    return row * per_channel + group.quotient(col);
  }
};

template <class T, int kWidth>
struct alignas(sizeof(T) * kWidth) Pack {
  T values[kWidth];
};

// What a kernel computes of one element.
template <Algorithm kAlgorithm>
struct Quantize {
  using In = float;
  using Out = float;
  __host__ __device__ static Out of(const Parameters& p, In x, const Scale& s) {
    return quantize_one<kAlgorithm>(p, x, s);
  }
};
template <Algorithm kAlgorithm, class Code>
struct Encode {
  using In = float;
  using Out = Code;
  __host__ __device__ static Out of(const Parameters& p, In x, const Scale& s) {
    return static_cast<Code>(encode_one<kAlgorithm>(p, x, s));
  }
};
template <Algorithm kAlgorithm, class Code>
struct Decode {
  using In = Code;
  using Out = float;
  __host__ __device__ static Out of(const Parameters& p, In code, const Scale& s) {
    return decode_one<kAlgorithm>(p, code, s);
  }
};

// A thread for each vector of kWidth elements, which share a scale: n of them from element `from`
// on.
template <class Op, int kWidth>
__global__ void elementwise(Parameters p, const typename Op::In* in, std::int64_t from,
                            std::int64_t n, ScaleIndex index, const float* scales,
                            typename Op::Out* out) {
  using In = Pack<typename Op::In, kWidth>;
  using Out = Pack<typename Op::Out, kWidth>;
  const std::int64_t i = thread_index();
  if (i >= n) return;
  const In read = reinterpret_cast<const In*>(in + from)[i];
  const Scale scale = scale_of(scales[index.at(from + i * kWidth)]);
  Out written;
  for (int j = 0; j < kWidth; ++j) written.values[j] = Op::of(p, read.values[j], scale);
  reinterpret_cast<Out*>(out + from)[i] = written;
}

// A thread for each row, chunk, candidate and lane, lanes side by side.
template <Algorithm kAlgorithm>
__global__ void add_errors(Parameters p, const float* x, std::int64_t rows, std::int64_t cols,
                           const float* weights, const float* candidates, std::int64_t k,
                           bool shared, double* lanes) {
  const std::int64_t chunks = (cols + kChunk - 1) / kChunk, thread = thread_index();
  if (thread >= rows * chunks * k * kSumLanes) return;
  const std::int64_t lane = thread % kSumLanes, candidate = thread / kSumLanes % k;
  const std::int64_t part = thread / kSumLanes / k, row = part / chunks;
  const std::int64_t col = part % chunks * kChunk;
  const std::int64_t count = cols - col < kChunk ? cols - col : kChunk;
  const Scale scale = scale_of(candidates[(shared ? 0 : row * k) + candidate]);
  lanes[thread] = lane_error<kAlgorithm>(
      p, x + row * cols + col, weights == nullptr ? nullptr : weights + col, count, lane, scale);
}

// A thread for each row and candidate: lanes of a chunk, then chunks, in order.
__global__ void add_lanes(const double* lanes, std::int64_t rows, std::int64_t chunks,
                          std::int64_t k, double* errors) {
  const std::int64_t thread = thread_index();
  if (thread >= rows * k) return;
  const std::int64_t row = thread / k, candidate = thread % k;
  double error = 0;
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    const double* of = lanes + ((row * chunks + chunk) * k + candidate) * kSumLanes;
    double sum = 0;
    for (std::int64_t lane = 0; lane < kSumLanes; ++lane) sum += of[lane];
    error += sum;
  }
  errors[thread] = error;
}

std::int64_t blocks_of(std::int64_t threads) { return (threads + kThreads - 1) / kThreads; }

bool aligned(const void* pointer, std::size_t bytes) {
  return reinterpret_cast<std::uintptr_t>(pointer) % bytes == 0;
}

template <class Op, int kWidth>
int start(const Parameters& p, const typename Op::In* in, std::int64_t from, std::int64_t n,
          const ScaleIndex& index, const float* scales, typename Op::Out* out, void* stream) {
  if (n == 0) return 0;
  return launch(&elementwise<Op, kWidth>, blocks_of(n), kThreads, stream, p, in, from, n, index,
                scales, out);
}

template <class Op>
int start_all(const Parameters& p, const typename Op::In* in, const Layout& layout,
              const float* scales, typename Op::Out* out, void* stream) {
  const std::int64_t size = layout.rows * layout.cols;
  const ScaleIndex index = ScaleIndex::of(layout);
  const bool fours = index.fours() && aligned(in, sizeof(Pack<typename Op::In, 4>)) &&
                     aligned(out, sizeof(Pack<typename Op::Out, 4>));
  const std::int64_t vectors = fours ? size / 4 : 0, done = 4 * vectors;
  const int error = start<Op, 4>(p, in, 0, vectors, index, scales, out, stream);
  return error != 0 ? error : start<Op, 1>(p, in, done, size - done, index, scales, out, stream);
}

struct Arguments {
  const Parameters& p;
  const void* in;
  const Layout& layout;
  const float* scales;
  void* out;
  void* stream;

  template <class Op>
  int start() const {
    return start_all<Op>(p, static_cast<const typename Op::In*>(in), layout, scales,
                         static_cast<typename Op::Out*>(out), stream);
  }
};
struct QuantizeCall : Arguments {
  template <Algorithm kAlgorithm>
  int operator()() const {
    return start<Quantize<kAlgorithm>>();
  }
};
struct EncodeCall : Arguments {
  template <Algorithm kAlgorithm>
  int operator()() const {
    return p.bits <= 8    ? start<Encode<kAlgorithm, std::uint8_t>>()
           : p.bits <= 16 ? start<Encode<kAlgorithm, std::uint16_t>>()
                          : start<Encode<kAlgorithm, std::uint32_t>>();
  }
};
struct DecodeCall : Arguments {
  template <Algorithm kAlgorithm>
  int operator()() const {
    return p.bits <= 8    ? start<Decode<kAlgorithm, std::uint8_t>>()
           : p.bits <= 16 ? start<Decode<kAlgorithm, std::uint16_t>>()
                          : start<Decode<kAlgorithm, std::uint32_t>>();
  }
};

constexpr std::int64_t kMostElements = std::int64_t{1} << 38;  // 2^30 blocks

int check(const Parameters* p, std::int64_t rows, std::int64_t cols) {
  if (p == nullptr) return kBadArgument;
  if (p->abi != kAbi) return kOtherAbi;
  const bool fits = rows >= 0 && cols >= 0 && (cols == 0 || rows <= kMostElements / cols);
  const bool known = p->bits >= 2 && p->bits <= 32 && p->algorithm >= Algorithm::kPosit &&
                     p->algorithm < Algorithm::kCount;
  return fits && known ? 0 : kBadArgument;
}

template <class Call>
int run(const Parameters* p, const void* in, const Layout& layout, const float* scales, void* out,
        void* stream) {
  if (const int error = check(p, layout.rows, layout.cols); error != 0) return error;
  if (layout.rows == 0 || layout.cols == 0) return 0;
  const bool good = in != nullptr && scales != nullptr && out != nullptr && layout.channels > 0 &&
                    layout.rows % layout.channels == 0 && layout.group >= 0;
  return good ? with_algorithm(p->algorithm, Call{{*p, in, layout, scales, out, stream}})
              : kBadArgument;
}

struct ErrorsCall {
  const Parameters& p;
  const float* x;
  std::int64_t rows, cols;
  const float *weights, *candidates;
  std::int64_t k;
  bool shared;
  double *workspace, *errors;
  void* stream;

  template <Algorithm kAlgorithm>
  int operator()() const {
    const std::int64_t chunks = (cols + kChunk - 1) / kChunk;
    const std::int64_t threads = rows * chunks * k * kSumLanes;
    if (threads > 0) {
      const int error = launch(&add_errors<kAlgorithm>, blocks_of(threads), kThreads, stream, p, x,
                               rows, cols, weights, candidates, k, shared, workspace);
      if (error != 0) return error;
    }
    return launch(&add_lanes, blocks_of(rows * k), kThreads, stream, workspace, rows, chunks, k,
                  errors);
  }
};

}  // namespace
}  // namespace posittune::cuda

using posittune::cuda::Layout;
using posittune::cuda::Parameters;

int posittune_cuda_quantize(const Parameters* format, const float* x, Layout layout,
                            const float* scales, float* y, void* stream) {
  return posittune::cuda::run<posittune::cuda::QuantizeCall>(format, x, layout, scales, y, stream);
}

int posittune_cuda_encode(const Parameters* format, const float* x, Layout layout,
                          const float* scales, void* codes, void* stream) {
  return posittune::cuda::run<posittune::cuda::EncodeCall>(format, x, layout, scales, codes,
                                                           stream);
}

int posittune_cuda_decode(const Parameters* format, const void* codes, Layout layout,
                          const float* scales, float* y, void* stream) {
  return posittune::cuda::run<posittune::cuda::DecodeCall>(format, codes, layout, scales, y,
                                                           stream);
}

int posittune_cuda_errors(const Parameters* format, const float* x, std::int64_t rows,
                          std::int64_t cols, const float* weights, const float* candidates,
                          std::int64_t k, int shared, double* workspace, double* errors,
                          void* stream) {
  if (const int error = posittune::cuda::check(format, rows, cols); error != 0) return error;
  constexpr std::int64_t kMostCandidates = 4096, kMostSums = std::int64_t{1} << 38;
  if (k < 0 || k > kMostCandidates || rows > kMostSums) return posittune::cuda::kBadArgument;
  if (posittune_cuda_errors_workspace(rows, cols, k) > kMostSums)
    return posittune::cuda::kBadArgument;
  if (rows == 0 || k == 0) return 0;
  const bool good = (cols == 0 || (x != nullptr && workspace != nullptr)) &&
                    candidates != nullptr && errors != nullptr;
  if (!good) return posittune::cuda::kBadArgument;
  return posittune::cuda::with_algorithm(
      format->algorithm, posittune::cuda::ErrorsCall{*format, x, rows, cols, weights, candidates, k,
                                                     shared != 0, workspace, errors, stream});
}

std::int64_t posittune_cuda_errors_workspace(std::int64_t rows, std::int64_t cols, std::int64_t k) {
  using posittune::cuda::kChunk;
  return rows * ((cols + kChunk - 1) / kChunk) * k * posittune::cuda::kSumLanes;
}

std::int32_t posittune_cuda_abi() {
  return static_cast<std::int32_t>(sizeof(Parameters)) + (posittune::cuda::kAbi << 16);
}

const char* posittune_cuda_message(int error) {
  switch (error) {
    case 0:
      return "no error";
    case posittune::cuda::kOtherAbi:
      return "the library posittune_cuda is of another version: build it anew (scripts/cuda)";
    case posittune::cuda::kBadArgument:
      return "a size, a pointer or a format that the library does not take";
    default:
      return posittune::cuda::message_of(error);
  }
}
