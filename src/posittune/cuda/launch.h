#pragma once

// Runs kernels: on a device under nvcc; elsewhere on the CPU, one thread of the kernel after
// another, so that tests run the same kernels on machines without a device. Kernels here have no
// barriers and no shared memory.

#include <cstdint>

#ifdef __CUDACC__

#include <cuda_runtime.h>

namespace posittune::cuda {

// Starts kernel(arguments...) on blocks * threads threads; the error of the start, 0 for none.
template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), std::int64_t blocks, int threads, void* stream,
           Arguments... arguments) {
  kernel<<<static_cast<unsigned>(blocks), static_cast<unsigned>(threads), 0,
           static_cast<cudaStream_t>(stream)>>>(arguments...);
  return static_cast<int>(cudaGetLastError());
}
__device__ inline std::int64_t thread_index() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
inline const char* message_of(int error) {
  return cudaGetErrorString(static_cast<cudaError_t>(error));
}

}  // namespace posittune::cuda

#else

#define __global__
#define __device__
#define __host__

namespace posittune::cuda {

inline thread_local std::int64_t current_thread = 0;

template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), std::int64_t blocks, int threads, void*,
           Arguments... arguments) {
  for (current_thread = 0; current_thread < blocks * threads; ++current_thread)
    kernel(arguments...);
  return 0;
}
inline std::int64_t thread_index() { return current_thread; }
inline const char* message_of(int) { return "no device"; }

}  // namespace posittune::cuda

#endif
