#pragma once

// Memory and time of a device for tests/device/sweep.cu; without nvcc, those of the CPU.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "posittune/cuda/launch.h"

#ifndef __CUDACC__
#include <chrono>
#endif

namespace posittune::cuda {

// Ends the program where a call failed.
inline void require(int error, const char* what) {
  if (error == 0) return;
  std::fprintf(stderr, "error: %s: %s\n", what, message_of(error));
  std::exit(1);
}

#ifdef __CUDACC__

// The name of the device in use; empty where there is none, with the reason in `why`.
inline std::vector<char> device_name(const char** why) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  *why = error != cudaSuccess ? cudaGetErrorString(error) : "no CUDA device";
  cudaDeviceProp properties;
  if (error != cudaSuccess || count == 0) return {};
  if (cudaGetDeviceProperties(&properties, 0) != cudaSuccess) return {};
  return {properties.name, properties.name + std::strlen(properties.name) + 1};
}
inline void* allocate(std::size_t bytes) {
  void* data = nullptr;
  require(static_cast<int>(cudaMalloc(&data, bytes)), "no memory on the device");
  return data;
}
inline void release(void* data) { cudaFree(data); }
inline void copy(void* to, const void* from, std::size_t bytes) {
  require(static_cast<int>(cudaMemcpy(to, from, bytes, cudaMemcpyDefault)), "copy");
}
// On the device, in the order of its work.
inline void copy_on_device(void* to, const void* from, std::size_t bytes) {
  require(static_cast<int>(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, nullptr)),
          "copy on the device");
}
// Seconds that the device takes for what `work` starts.
template <class Work>
double seconds(Work work) {
  cudaEvent_t begin, end;
  require(static_cast<int>(cudaEventCreate(&begin)), "event");
  require(static_cast<int>(cudaEventCreate(&end)), "event");
  cudaEventRecord(begin, nullptr);
  work();
  cudaEventRecord(end, nullptr);
  require(static_cast<int>(cudaEventSynchronize(end)), "the device's work");
  float milliseconds = 0;
  cudaEventElapsedTime(&milliseconds, begin, end);
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  return static_cast<double>(milliseconds) / 1000;
}

#else

inline std::vector<char> device_name(const char** why) {
  *why = "";
  constexpr char kName[] = "the CPU, one thread after another";
  return {kName, kName + sizeof kName};
}
inline void* allocate(std::size_t bytes) { return std::malloc(bytes); }
inline void release(void* data) { std::free(data); }
inline void copy(void* to, const void* from, std::size_t bytes) { std::memcpy(to, from, bytes); }
inline void copy_on_device(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
template <class Work>
double seconds(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

#endif

// n elements on the device.
template <class T>
class Array {
 public:
  explicit Array(std::int64_t n)
      : size_(static_cast<std::size_t>(n)), data_(static_cast<T*>(allocate(size_ * sizeof(T)))) {}
  explicit Array(const std::vector<T>& values) : Array(static_cast<std::int64_t>(values.size())) {
    copy(data_, values.data(), size_ * sizeof(T));
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { release(data_); }

  T* data() const { return data_; }
  std::vector<T> values() const {
    std::vector<T> result(size_);
    copy(result.data(), data_, size_ * sizeof(T));
    return result;
  }

 private:
  std::size_t size_;
  T* data_;
};

}  // namespace posittune::cuda
