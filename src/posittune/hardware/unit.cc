#include "posittune/hardware/unit.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
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
constexpr std::array<FloatUnit, 7> kFloats = {{{4, 3, 1, 1},
                                               {5, 2, 1, 2},
                                               {2, 3, 1, 0},
                                               {2, 1, 1, 0},
                                               {8, 7, 0, 2},
                                               {5, 10, 1, 2},
                                               {8, 23, 0, 2}}};

bool plain_posit(const Format& format) {
  return format.family == Family::kPosit && format.variant == 0 && format.block == 0 &&
         format.bits >= kMinPosit;
}

Unit posit_unit(const Format& weight, const Format& activation) {
  const int n = activation.bits, es = activation.exp_bits, reach = (n - 2) << es;
  Unit unit{.module = "posit_mac",
            .parameters = {{"N", n}, {"ES", es}},
            .weight = weight,
            .activation = activation,
            .accumulator_bits = 4 * reach + 2 + kGuard,
            .lsb = -2 * reach,
            .has_nar = true};
  if (weight.bits == activation.bits) return unit;
  unit.module = "posit_mac_mixed";
  unit.parameters.insert(unit.parameters.begin(), {"A_N", weight.bits});
  return unit;
}

bool plain_int(const Format& format) {
  return format.family == Family::kInt && format.variant == 0 && format.block == 0 &&
         format.bits >= kMinInt;
}

// Without PIPELINE.
std::optional<Unit> find_unit(const Format& weight, const Format& activation) {
  if (plain_posit(weight) && plain_posit(activation) && weight.exp_bits == activation.exp_bits &&
      weight.bits <= activation.bits) {
    return posit_unit(weight, activation);
  }
  if (plain_int(weight) && plain_int(activation)) {
    return Unit{.module = "int_mac",
                .parameters = {{"A_N", weight.bits}, {"N", activation.bits}, {"ACC_WIDTH", 32}},
                .weight = weight,
                .activation = activation};
  }
  const auto same = [&](const FloatUnit& each) {
    return weight == activation && weight == formats::minifloat(each.exp_bits, each.man_bits);
  };
  const auto found = std::ranges::find_if(kFloats, same);
  if (found == kFloats.end()) return std::nullopt;
  return Unit{.module = "float_mac",
              .parameters = {{"EXP", found->exp_bits},
                             {"MAN", found->man_bits},
                             {"SUBNORMAL", found->subnormal},
                             {"SPECIALS", found->specials}},
              .weight = weight,
              .activation = activation};
}

std::vector<Format> known_formats() {
  std::vector<Format> known;
  for (int n = kMinPosit; n <= formats::kMaxPositBits; ++n) {
    for (int es = 0; es <= formats::kMaxPositEs; ++es) known.push_back(formats::posit(n, es));
  }
  for (int n = kMinInt; n <= formats::kMaxIntBits; ++n) known.push_back(formats::integer(n));
  for (const FloatUnit& each : kFloats)
    known.push_back(formats::minifloat(each.exp_bits, each.man_bits));
  return known;
}

// Order of nearness: one family where it can be, then by bits, then by exponent bits.
auto distance(const Format& a, const Format& b) {
  return std::tuple(a.family != b.family, std::abs(a.bits - b.bits),
                    std::abs(a.exp_bits - b.exp_bits));
}

// The `count` nearest to `wanted` of the known formats that `served` takes.
template <class Served>
std::vector<Format> nearest_formats(const Format& wanted, std::size_t count, Served served) {
  std::vector<Format> known = known_formats();
  std::erase_if(known, [&](const Format& each) { return !served(each); });
  std::ranges::stable_sort(known, {}, [&](const Format& each) { return distance(each, wanted); });
  known.resize(std::min(known.size(), count));
  return known;
}

Error unsupported(const Format& weight, const Format& activation) {
  const auto by_itself = [](const Format& one) { return find_unit(one, one).has_value(); };
  Error error{.kind = ErrorKind::kUnsupported, .what = "no MAC unit for " + formats::name(weight)};
  std::vector<std::string> names;
  if (weight == activation) {
    error.expected =
        "posit<n,es> with n 4..32 and es 0..4, int4..int16, fp8_e4m3, fp8_e5m2, fp6_e2m3, "
        "fp4_e2m1, bf16, fp16 or fp32";
    for (const Format& each : nearest_formats(weight, 3, by_itself))
      names.push_back(formats::name(each));
  } else {
    error.what = "no MAC unit for weights in " + formats::name(weight) + " and activations in " +
                 formats::name(activation);
    error.expected =
        "equal formats, posits of one es with weights no wider than activations, or two of "
        "int4..int16";
    const auto add = [&](const Format& a, const Format& b) {
      names.push_back(formats::name(a) + " x " + formats::name(b));
    };
    for (const Format& each : nearest_formats(
             weight, 2, [&](const Format& one) { return find_unit(one, activation).has_value(); }))
      add(each, activation);
    for (const Format& each : nearest_formats(
             activation, 2, [&](const Format& one) { return find_unit(weight, one).has_value(); }))
      add(weight, each);
    if (names.empty()) {  // neither is known
      for (const Format& each : nearest_formats(weight, 3, by_itself)) add(each, each);
    }
  }
  error.hint = "the nearest are " + joined(names);
  return error;
}

}  // namespace

Result<Unit> unit_for(const Format& weight, const Format& activation, int pipeline) {
  if (pipeline < 0 || pipeline > kMaxPipeline) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no such pipeline depth",
                 .where = "`pipeline`",
                 .expected = "0 to 3 register stages",
                 .found = std::to_string(pipeline)};
  }
  auto unit = find_unit(weight, activation);
  if (!unit) return unsupported(weight, activation);
  unit->parameters.emplace_back("PIPELINE", pipeline);
  return *unit;
}

}  // namespace posittune::hardware
