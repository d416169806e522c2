#include "oracle/posit_arithmetic.h"

#include <stdexcept>

namespace posittune::oracle {
namespace {

std::vector<SmallPosit::Fixed> scaled_values(const Model& model, int shift) {
  std::vector<SmallPosit::Fixed> values(std::size_t{1} << model.bits());
  for (std::size_t code = 0; code < values.size(); ++code) {
    const Value v = model.value(static_cast<std::uint32_t>(code));
    if (v.finite()) values[code] = v.number.scaled(shift).convert_to<SmallPosit::Fixed>();
  }
  return values;
}

// log2 of 2/minpos.
int root_shift(int n, int es) { return ((n - 2) << es) + 1; }

bool any_nan(const Model& posit, std::initializer_list<std::uint32_t> codes) {
  for (const std::uint32_t code : codes) {
    if (code == posit.nan_result()) return true;
  }
  return false;
}

}  // namespace

std::uint32_t add(const Model& posit, std::uint32_t a, std::uint32_t b) {
  if (any_nan(posit, {a, b})) return posit.nan_result();
  return nearest(posit, posit.value(a).number + posit.value(b).number);
}

std::uint32_t mul(const Model& posit, std::uint32_t a, std::uint32_t b) {
  if (any_nan(posit, {a, b})) return posit.nan_result();
  return nearest(posit, posit.value(a).number * posit.value(b).number);
}

std::uint32_t fma(const Model& posit, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  if (any_nan(posit, {a, b, c})) return posit.nan_result();
  return nearest(posit, posit.value(a).number * posit.value(b).number + posit.value(c).number);
}

SmallPosit::SmallPosit(int n, int es, bool flush) : SmallPosit(*posit_model(n, es, flush), n, es) {}

// Boundaries are integers in these units too, otherwise scaled() throws: the finest is minpos/2.
SmallPosit::SmallPosit(const Model& model, int n, int es)
    : nar_(model.nan_result()),
      roots_(scaled_values(model, root_shift(n, es))),
      values_(scaled_values(model, 2 * root_shift(n, es))),
      table_(model,
             [&](const Dyadic& d) { return d.scaled(2 * root_shift(n, es)).convert_to<Fixed>(); }) {
  if (n > 8) throw std::domain_error("SmallPosit: more than 8 bits");
}

std::uint32_t SmallPosit::add(std::uint32_t a, std::uint32_t b) const {
  return a == nar_ || b == nar_ ? nar_ : table_.nearest(values_[a] + values_[b]);
}

std::uint32_t SmallPosit::mul(std::uint32_t a, std::uint32_t b) const {
  return a == nar_ || b == nar_ ? nar_ : table_.nearest(product(a, b));
}

std::uint32_t SmallPosit::fma(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
  return a == nar_ || b == nar_ || c == nar_ ? nar_ : add_rounded(product(a, b), c);
}

}  // namespace posittune::oracle
