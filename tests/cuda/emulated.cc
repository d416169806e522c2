// The library posittune_cuda compiled for the CPU.

#include "posittune/cuda/device_api.cu"
