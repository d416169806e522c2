#pragma once

// The library posittune_cuda: functions of C that start kernels on pointers of a device. They
// return at once; the work is done in the order of the stream (a cudaStream_t; null: the default
// one).
//
// Results have the bits of kernels/arrays.h, NaN included. A scale that is not usable makes its
// elements NaN (codes: that of NaN). Pointers may be aligned to their elements only; at 16 bytes,
// and where each four elements share a scale, four are read at once.
//
// Each returns 0; the number of a CUDA error; or one of the errors below, and then does nothing.

#include <cstdint>

#include "posittune/cuda/parameters.h"

#define POSITTUNE_CUDA_EXPORT extern "C" __attribute__((visibility("default")))

namespace posittune::cuda {

inline constexpr int kOtherAbi = -1;  // Parameters of another build
// Bad argument: a negative or overflowing size, a null pointer, bits above 32.
inline constexpr int kBadArgument = -2;

// rows x cols elements in row-major order, rows a multiple of channels. Row r belongs to channel
// r % channels, and its scales are `scales[channel * n ...]`, one for each `group` columns, n =
// ceil(cols / group); group 0: one for the row, n = 1. A scale for the whole array: 1 channel, 1
// row.
struct Layout {
  std::int64_t rows, cols, channels, group;
};

}  // namespace posittune::cuda

// y = Q(x * s) * (1 / s); x and y may be the same.
POSITTUNE_CUDA_EXPORT int posittune_cuda_quantize(const posittune::cuda::Parameters* format,
                                                  const float* x, posittune::cuda::Layout layout,
                                                  const float* scales, float* y, void* stream);

// Codes of Q(x * s): uint8, above 8 bits uint16, above 16 uint32.
POSITTUNE_CUDA_EXPORT int posittune_cuda_encode(const posittune::cuda::Parameters* format,
                                                const float* x, posittune::cuda::Layout layout,
                                                const float* scales, void* codes, void* stream);

// y = value(code) * (1 / s); codes of the types of encode.
POSITTUNE_CUDA_EXPORT int posittune_cuda_decode(const posittune::cuda::Parameters* format,
                                                const void* codes, posittune::cuda::Layout layout,
                                                const float* scales, float* y, void* stream);

// errors[row * k + j] = sum over the columns of w * (q(x) - x)^2 under candidate j of the row; x
// that are not finite count nothing. candidates: k for each row, or, where `shared`, k for all
// rows. weights: cols of them, or null. workspace: posittune_cuda_errors_workspace() doubles on the
// device.
POSITTUNE_CUDA_EXPORT int posittune_cuda_errors(const posittune::cuda::Parameters* format,
                                                const float* x, std::int64_t rows,
                                                std::int64_t cols, const float* weights,
                                                const float* candidates, std::int64_t k, int shared,
                                                double* workspace, double* errors, void* stream);
POSITTUNE_CUDA_EXPORT std::int64_t posittune_cuda_errors_workspace(std::int64_t rows,
                                                                   std::int64_t cols,
                                                                   std::int64_t k);

// sizeof(Parameters) and kAbi of this build, as size + abi * 2^16.
POSITTUNE_CUDA_EXPORT std::int32_t posittune_cuda_abi();

// Describes an error of this library or of CUDA; a static string.
POSITTUNE_CUDA_EXPORT const char* posittune_cuda_message(int error);
