// The device's sweep compiled for the CPU.

#include "tests/device/sweep.cu"
