#include "posittune/cuda/parameters.h"

#include <bit>
#include <cassert>
#include <cfloat>

#include "posittune/cuda/arithmetic.h"
#include "posittune/kernels/plan.h"
#include "posittune/kernels/target.h"

namespace posittune::cuda {
namespace {

using formats::Family;
using kernels::Kind;
using kernels::Plan;

static_assert(kSumLanes == kernels::kSumLanes && kChunk == kernels::kChunk,
              "sums of errors are those of the kernels");

std::uint32_t pattern(float x) { return std::bit_cast<std::uint32_t>(x); }

void fill_posit(Parameters& p, const Plan& plan) {
  const bool flush = plan.format.variant == formats::kPositFlush;
  p.es = plan.format.exp_bits;
  if (plan.kind == Kind::kPosit || plan.kind == Kind::kPositFlush) {
    p.algorithm = Algorithm::kPosit;
    p.low = static_cast<std::uint32_t>(plan.low_bits);
    p.high = static_cast<std::uint32_t>(plan.high_bits);
    p.zero_below = flush ? static_cast<std::uint32_t>(plan.flush_bits) : 0;
    p.regime_shift = plan.regime_shift;
    p.shift_base = plan.shift_base;
    p.aligned = static_cast<std::uint32_t>(plan.aligned);
    return;
  }
  p.algorithm = Algorithm::kPositWide;
  p.low = pattern(plan.clamp_low ? plan.range.low : FLT_TRUE_MIN);
  p.high = pattern(plan.range.high);
  p.zero_below = flush ? 1 : 0;
  p.flush_below = flush ? -((p.bits - 2) << p.es) - 1 : INT32_MIN;
}

void fill_float(Parameters& p, const Plan& plan) {
  const bool shift = plan.format.exp_bits == 8;
  p.mantissa_bits = plan.man_bits;
  p.algorithm = shift                 ? Algorithm::kFloatShift
                : plan.man_bits == 23 ? Algorithm::kFloatFull
                                      : Algorithm::kFloat;
  p.min_normal = static_cast<std::uint32_t>(plan.min_exp_bits);
  p.limit = pattern(plan.limit);
  p.largest = pattern(plan.max);
  p.overflow = static_cast<std::uint32_t>(plan.most_bits);
  p.inf_code = plan.inf_code >= 0 ? static_cast<std::uint32_t>(plan.inf_code) : UINT32_MAX;
  p.unit = plan.unit;
}

void fill_int(Parameters& p, const Plan& plan) {
  p.algorithm = Algorithm::kInt;
  p.unit = plan.unit;
  p.steps = 1 / plan.unit;
  p.max = static_cast<float>(plan.max_code);
}

}  // namespace

Parameters parameters_of(const formats::Format& format) {
  assert(format.block == 0);
  const Plan plan = kernels::make_plan(format);
  Parameters p;
  p.bits = plan.bits;
  p.code_mask = static_cast<std::uint32_t>((std::uint64_t{1} << plan.bits) - 1);
  p.nan_code = static_cast<std::uint32_t>(plan.nan_code);
  p.max_code = static_cast<std::uint32_t>(plan.max_code);
  switch (format.family) {
    case Family::kPosit:
      fill_posit(p, plan);
      break;
    case Family::kFloat:
      fill_float(p, plan);
      break;
    case Family::kInt:
      fill_int(p, plan);
      break;
    case Family::kCount:
      assert(false);
  }
  return p;
}

}  // namespace posittune::cuda
