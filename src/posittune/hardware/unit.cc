#include "posittune/hardware/unit.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>

#include "posittune/base/nearest.h"

namespace posittune::hardware {
namespace {

using formats::Family;
using formats::Format;

constexpr int kMinPosit = 4, kMinInt = 4, kGuard = 14;

// What float_mac is tested with (rtl/tb/float_bench.sv): SUBNORMAL, SPECIALS.
struct FloatUnit {
  int exp_bits, man_bits, subnormal, specials;
};
constexpr std::array<FloatUnit, 7> kFloats = {{{4, 3, 1, 1}, {5, 2, 1, 2}, {2, 3, 1, 0}, {2, 1, 1, 0}, {8, 7, 0, 2}, {5, 10, 1, 2}, {8, 23, 0, 2}}};

// Of one family where it can be, then by bits, then by exponent bits.
std::vector<std::string> nearest_formats(const Format& wanted) {
  std::vector<Format> known;
  for (int n = kMinPosit; n <= formats::kMaxPositBits; ++n) {
    for (int es = 0; es <= formats::kMaxPositEs; ++es) known.push_back(formats::posit(n, es));
  }
  for (int n = kMinInt; n <= formats::kMaxIntBits; ++n) known.push_back(formats::integer(n));
  for (const FloatUnit& each : kFloats) known.push_back(formats::minifloat(each.exp_bits, each.man_bits));
  const auto distance = [&](const Format& each) {
    return std::tuple(each.family != wanted.family, std::abs(each.bits - wanted.bits), std::abs(each.exp_bits - wanted.exp_bits));
  };
  std::ranges::stable_sort(known, {}, distance);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 3; ++i) names.push_back(formats::name(known[i]));
  return names;
}

Error unsupported(const Format& weight, const Format& activation) {
  const bool same = weight == activation;
  return {.kind = ErrorKind::kUnsupported,
          .what = same ? "no MAC unit for " + formats::name(weight) : "no MAC unit for weights in " + formats::name(weight) + " and activations in " + formats::name(activation),
          .expected = same ? "posit<n,es> with n 4..32 and es 0..4, int4..int16, fp8_e4m3, fp8_e5m2, fp6_e2m3, fp4_e2m1, bf16, fp16 or fp32"
                           : "equal formats, or posits of one es with weights no wider than activations",
          .hint = "the nearest are " + joined(nearest_formats(same ? weight : activation))};
}

bool plain_posit(const Format& format) { return format.family == Family::kPosit && format.variant == 0 && format.block == 0 && format.bits >= kMinPosit; }

Unit posit_unit(const Format& weight, const Format& activation) {
  const int n = activation.bits, es = activation.exp_bits, reach = (n - 2) << es;
  Unit unit{.module = "posit_mac", .parameters = {{"N", n}, {"ES", es}}, .weight = weight, .activation = activation,
            .accumulator_bits = 4 * reach + 2 + kGuard, .lsb = -2 * reach, .has_nar = true};
  if (weight.bits == activation.bits) return unit;
  unit.module = "posit_mac_mixed";
  unit.parameters.insert(unit.parameters.begin(), {"A_N", weight.bits});
  return unit;
}

}  // namespace

Result<Unit> unit_for(const Format& weight, const Format& activation, int pipeline) {
  if (pipeline < 0 || pipeline > kMaxPipeline) {
    return Error{.kind = ErrorKind::kUsage, .what = "no such pipeline depth", .expected = "0 to 3 register stages", .found = std::to_string(pipeline)};
  }
  Unit unit;
  if (plain_posit(weight) && plain_posit(activation) && weight.exp_bits == activation.exp_bits && weight.bits <= activation.bits) {
    unit = posit_unit(weight, activation);
  } else if (weight == activation && weight.family == Family::kInt && weight.variant == 0 && weight.block == 0 && weight.bits >= kMinInt) {
    unit = {.module = "int_mac", .parameters = {{"N", weight.bits}, {"ACC_WIDTH", 32}}, .weight = weight, .activation = activation};
  } else {
    const auto same = [&](const FloatUnit& each) { return weight == activation && weight == formats::minifloat(each.exp_bits, each.man_bits); };
    const auto found = std::ranges::find_if(kFloats, same);
    if (found == kFloats.end()) return unsupported(weight, activation);
    unit = {.module = "float_mac",
            .parameters = {{"EXP", found->exp_bits}, {"MAN", found->man_bits}, {"SUBNORMAL", found->subnormal}, {"SPECIALS", found->specials}},
            .weight = weight, .activation = activation};
  }
  unit.parameters.emplace_back("PIPELINE", pipeline);
  return unit;
}

}  // namespace posittune::hardware
