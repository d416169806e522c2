#include "posittune/cost/placeholder.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"

namespace posittune::cost {
namespace {

using formats::Family;
using formats::Format;

// Horowitz 2014, figure 1.1.9: picojoules and square micrometres.
constexpr PartCost kIntAdd8 = {36, 0.03}, kIntAdd32 = {137, 0.1};
constexpr PartCost kIntMultiply8 = {282, 0.2}, kIntMultiply32 = {3495, 3.1};
constexpr double kFloatAdd16 = 0.4, kFloatAdd32 = 0.9, kFloatMultiply16 = 1.1,
                 kFloatMultiply32 = 3.7;

// Whole MACs in OSU018, in thousands of um2: their ratios give the areas of what Horowitz has no
// numbers for. His float areas are not used: an fp32 adder of 30 integer adders makes a bf16 MAC 12
// times an int8 MAC, which is 2.25 in synthesis, and the same formats would look five times worse
// beside integers than they are.
constexpr double kSynthesisedInt8 = 33.0, kSynthesisedPosit8 = 50.2, kSynthesisedBf16 = 74.4;
constexpr double kScale = (kIntMultiply8.area_um2 + kIntAdd32.area_um2) / kSynthesisedInt8;

// Delays in the same synthesis, ns, one cycle: int8 4.3, posit<8,1> 6.8, bf16 12.6,
// posit<16,1> 10.1. Trees of log depth for multiplier and adder take int8's 4.3; bf16's other 8.3
// are alignment and normalisation; what the posits have left fits 0.81 + 0.229 n. Gates are 180/45
// times faster at 45 nm.
constexpr double kTreeDelay = 4.3 / (6 + 5), kFloatDelay = 12.6 - 4.3, kQuireDelay = 0.81,
                 kDecodeDelay = 0.229;
constexpr double kDelayScale = 45.0 / 180.0;

constexpr int kDecoderLayers = 2;  // a posit decoder counts the regime's bits, then shifts them out
constexpr double kNand2Area = 0.798;  // um2, NAND2_X1 of the Nangate 45 nm open cell library
constexpr int kHeadroom = 14;         // carry bits of a quire, as in the synthesised units
constexpr int kIntHeadroom = 16;      // of an integer accumulator: 32 bits for int8
constexpr int kFloatWidth = 32;       // accumulator of floats

// c x^k through two points.
double power_law(double x, double x0, double y0, double x1, double y1) {
  return y0 * std::pow(x / x0, std::log(y1 / y0) / std::log(x1 / x0));
}

double line(double x, double x0, double y0, double x1, double y1) {
  return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

// Gates of a shifter, or of a count of leading bits, over n bits: a row of n for each bit of the
// distance.
double log_gates(int n) { return n * std::log2(static_cast<double>(n)); }

// Switching energy for an area: what alignment and normalisation take of both at 32 bits.
double float_area_per_bit() { return (kSynthesisedBf16 - kSynthesisedInt8) * kScale / kFloatWidth; }
double energy_of(double area) {
  return area * (kFloatAdd32 - kIntAdd32.energy_pj) / (float_area_per_bit() * kFloatWidth);
}

// What posit<8,1> (5-bit significands, 64-bit quire) takes beyond multiplier and adder, over its
// gates: one shifter and two decoders. posit<16,1> (13 bits, 128-bit quire) then comes out 2.3 %
// below its synthesis; two unknowns would fit both, but the two units hardly tell them apart.
double log_gate_area() {
  const double rest =
      kSynthesisedPosit8 * kScale - integer_multiplier(5, 5).area_um2 - integer_adder(64).area_um2;
  return rest / (log_gates(64) + 2 * kDecoderLayers * log_gates(8));
}

PartCost log_gate_cost(double gates) {
  const double area = gates * log_gate_area();
  return {area, energy_of(area)};
}

PartCost operator+(PartCost a, PartCost b) {
  return {a.area_um2 + b.area_um2, a.energy_pj + b.energy_pj};
}

int significand(const Format& format) {
  if (format.family == Family::kInt) return format.bits;
  return formats::traits(formats::element(format)).significand_bits;
}

bool is_int(const Format& format) { return format.family == Family::kInt; }
bool is_posit(const Format& format) { return format.family == Family::kPosit; }

MacCost unit_of(const Format& weight, const Format& activation, const std::string& accumulator,
                const std::string& unit, PartCost part, double delay) {
  return {.unit = "placeholder_" + unit,
          .weight = weight,
          .activation = activation,
          .accumulator = accumulator,
          .pipeline = "0",
          .area_um2 = part.area_um2,
          .nand2_eq = part.area_um2 / kNand2Area,
          .delay_ns = delay * kDelayScale,
          .energy_pj = part.energy_pj,
          .leakage_nw = 0};  // Horowitz gives none
}

double tree_delay(int p, int q, int width) {
  return kTreeDelay *
         (std::log2(static_cast<double>(p) * q) + std::log2(static_cast<double>(width)));
}

MacCost int_mac(const Format& weight, const Format& activation) {
  const int width = weight.bits + activation.bits + kIntHeadroom;
  return unit_of(weight, activation, "int", "int" + std::to_string(width),
                 integer_multiplier(weight.bits, activation.bits) + integer_adder(width),
                 tree_delay(weight.bits, activation.bits, width));
}

PartCost decoders(const Format& weight, const Format& activation) {
  PartCost cost;
  for (const Format& format : {weight, activation}) {
    if (is_posit(format)) cost = cost + posit_decoder(format.bits);
  }
  return cost;
}

double decode_delay(const Format& weight, const Format& activation) {
  int bits = 0;
  for (const Format& format : {weight, activation}) {
    if (is_posit(format)) bits = std::max<int>(bits, format.bits);
  }
  return kDecodeDelay * bits;
}

MacCost float_mac(const Format& weight, const Format& activation) {
  const int p = significand(weight), q = significand(activation);
  return unit_of(weight, activation, "fp32", "fp32",
                 float_multiplier(p, q) + float_adder(kFloatWidth) + decoders(weight, activation),
                 tree_delay(p, q, kFloatWidth) + kFloatDelay + decode_delay(weight, activation));
}

MacCost quire_mac(const Format& weight, const Format& activation) {
  const int p = significand(weight), q = significand(activation),
            width = quire_width(weight, activation);
  return unit_of(weight, activation, "quire", "quire" + std::to_string(width),
                 integer_multiplier(p, q) + integer_adder(width) + quire_shifter(width) +
                     decoders(weight, activation),
                 tree_delay(p, q, width) + kQuireDelay + decode_delay(weight, activation));
}

// Elements of a block are summed exactly; each block's sum goes once to an fp32 accumulator.
MacCost block_mac(const Format& weight, const Format& activation) {
  const Format w = formats::element(weight), a = formats::element(activation);
  MacCost cost = is_int(w) && is_int(a) ? int_mac(w, a) : quire_mac(w, a);
  const PartCost sum = float_adder(kFloatWidth);
  cost.weight = weight;
  cost.activation = activation;
  cost.accumulator = "fp32";
  cost.unit += "_block";
  cost.area_um2 += sum.area_um2;
  cost.nand2_eq = cost.area_um2 / kNand2Area;
  cost.energy_pj += sum.energy_pj / std::max(weight.block, activation.block);
  return cost;
}

}  // namespace

PartCost integer_multiplier(int p, int q) {
  const double product = static_cast<double>(p) * q;
  return {power_law(product, 8 * 8, kIntMultiply8.area_um2, 32 * 32, kIntMultiply32.area_um2),
          power_law(product, 8 * 8, kIntMultiply8.energy_pj, 32 * 32, kIntMultiply32.energy_pj)};
}

PartCost integer_adder(int width) {
  return {line(width, 8, kIntAdd8.area_um2, 32, kIntAdd32.area_um2),
          line(width, 8, kIntAdd8.energy_pj, 32, kIntAdd32.energy_pj)};
}

PartCost float_multiplier(int p, int q) {
  // Significands of fp16 and fp32 have 11 and 24 bits.
  return {
      integer_multiplier(p, q).area_um2,
      power_law(static_cast<double>(p) * q, 11 * 11, kFloatMultiply16, 24 * 24, kFloatMultiply32)};
}

PartCost float_adder(int width) {
  return {integer_adder(width).area_um2 + float_area_per_bit() * width,
          line(width, 16, kFloatAdd16, 32, kFloatAdd32)};
}

PartCost quire_shifter(int width) { return log_gate_cost(log_gates(width)); }

PartCost posit_decoder(int bits) { return log_gate_cost(kDecoderLayers * log_gates(bits)); }

int quire_width(const Format& weight, const Format& activation) {
  int width = 2 + kHeadroom;
  for (const Format& format : {weight, activation}) {
    const formats::Traits t = formats::traits(formats::element(format));
    width += static_cast<int>(std::ceil(std::log2(t.max) - std::log2(t.min)));
  }
  return width;
}

std::vector<MacCost> placeholder_macs(const Format& weight, const Format& activation) {
  if (weight.block > 0 || activation.block > 0) return {block_mac(weight, activation)};
  if (is_int(weight) && is_int(activation)) return {int_mac(weight, activation)};
  return {float_mac(weight, activation), quire_mac(weight, activation)};
}

std::vector<Format> placeholder_formats() {
  std::vector<Format> all = {formats::fp32(), formats::fp16(), formats::bf16()};
  constexpr std::array<std::pair<int, int>, 8> kMinifloats = {
      {{2, 1}, {2, 2}, {2, 3}, {3, 2}, {3, 3}, {4, 3}, {5, 2}, {3, 4}}};
  for (const auto& [exponent, mantissa] : kMinifloats) {
    all.push_back(formats::minifloat(exponent, mantissa));
  }
  for (int n = 2; n <= formats::kMaxIntBits; ++n) all.push_back(formats::integer(n));
  for (int n = 3; n <= 16; ++n) {
    for (int es = 0; es <= formats::kMaxPositEs; ++es) all.push_back(formats::posit(n, es));
  }
  for (const Format& format : formats::known_formats()) {
    if (format.block > 0) all.push_back(format);
  }
  return all;
}

std::string placeholder_source() {
  return "placeholder, not synthesis: a model through the energies and integer areas of Horowitz, "
         "ISSCC 2014 (45 nm, 0.9 V), "
         "and the area ratios of MAC units synthesised with OSU018; see docs/costs.md";
}

}  // namespace posittune::cost
