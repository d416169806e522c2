#pragma once

// Formats on arrays: choosing scales, quantizing, encoding, decoding, packing.

#include "posittune/kernels/arrays.h"
#include "posittune/kernels/statistics.h"
#include "posittune/quant/scale_rules.h"
