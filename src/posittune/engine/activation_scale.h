#pragma once

// Scales of static activations, from statistics of calibration data.

#include <functional>
#include <span>

#include "posittune/base/result.h"
#include "posittune/engine/input_statistics.h"
#include "posittune/engine/settings.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

// The scale of a static activation from its statistics. Rules that search minimise an estimate of
// the error on all data: exact for the largest values, from the sample for the others. (MX blocks
// share a scale with their neighbours: there, from the sample alone.)
Result<float> static_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, int threads);

// The error of a candidate: sum of squared differences at the layer's output, for the sample
// quantized with it.
using ErrorOfCandidate = std::function<Result<double>(const ActivationQuantizer& candidate)>;

// The scale of least error at the layer's output. Candidates: the powers of two near where absmax
// fits or rms is at the centre (and beyond, as long as the outermost is the best), the scales of
// absmax and rms_pow2, and for rules of real scales some around the best. It need not be the least
// of all scales: the error is known at the candidates only.
Result<float> output_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, const ErrorOfCandidate& error);

// Whether errors of one scale are below those of another beyond noise: the mean difference exceeds
// its standard error. One error for each held-out token or image; false for fewer than two.
bool surely_less(std::span<const double> errors, std::span<const double> others);

}  // namespace posittune::engine
