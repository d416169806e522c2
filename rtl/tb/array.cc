#include "array.h"

#include "Varray8e1.h"
#include "bits.h"

namespace posittune::rtl {

struct Array::Unit : Varray8e1 {
  void settle() {
    clk_i = 0;
    eval();
  }
  void clock() {
    clk_i = 1;
    eval();
  }
  void step() {
    settle();
    clock();
  }
};

std::int64_t Array::Sums::sum(std::size_t vector, std::size_t column) const {
  static_assert(kSum == 64);
  const std::uint32_t* words = sums[vector].data() + 2 * column;
  return static_cast<std::int64_t>(std::uint64_t{words[1]} << 32 | words[0]);
}

Array::Array() : unit_(std::make_unique<Unit>()) {
  unit_->rst_i = 1, unit_->valid_i = 1;
  unit_->step();
  unit_->rst_i = 0, unit_->valid_i = 0;
}

Array::~Array() = default;

void Array::load(const Codes& w) {
  unit_->load_i = 1, unit_->valid_i = 0;
  for (int r = kRows - 1; r >= 0; --r) {
    for (int c = 0; c < kCols; ++c) {
      set_bits(port(unit_->w_i), c * kBits, kBits, w[static_cast<std::size_t>(r * kCols + c)]);
    }
    unit_->step();
  }
  unit_->load_i = 0;
}

// Without a vector, NaR is on the inputs: nothing may come of it.
void Array::offer(const Codes* vector, const Sums* begin, std::size_t number) {
  const bool sums = vector != nullptr && begin != nullptr;
  unit_->valid_i = vector != nullptr;
  for (int r = 0; r < kRows; ++r) {
    const std::uint32_t nar = 1u << (kBits - 1);
    set_bits(port(unit_->x_i), r * kBits, kBits,
             vector != nullptr ? (*vector)[static_cast<std::size_t>(r)] : nar);
  }
  for (std::size_t word = 0; word < kSumWords; ++word) {
    unit_->s_i[word] = sums ? begin->sums[number][word] : 0;
  }
  unit_->s_nar_i = static_cast<CData>(sums ? begin->nars[number] : 0);
}

Array::Sums Array::run(const std::vector<Codes>& vectors, const Sums* begin, unsigned pause) {
  Sums out;
  std::size_t next = 0;
  const std::size_t patience = 1000 + 1000 * vectors.size();
  for (std::size_t cycle = 0; out.posits.size() < vectors.size() && cycle < patience; ++cycle) {
    const bool offers = next < vectors.size() && (random_() & 255) >= pause;
    offer(offers ? &vectors[next] : nullptr, begin, next);
    unit_->ready_i = (random_() & 255) >= pause;
    unit_->settle();
    if (unit_->valid_o && unit_->ready_i) {
      out.sums.emplace_back(unit_->sum_o.data(), unit_->sum_o.data() + kSumWords);
      Codes& y = out.posits.emplace_back();
      for (int c = 0; c < kCols; ++c) {
        y.push_back(get_bits(port(unit_->y_o), c * kBits, kBits));
      }
      out.nars.push_back(unit_->nar_o);
    }
    if (unit_->valid_i && unit_->ready_o) ++next;
    unit_->clock();
  }
  unit_->valid_i = 0;
  return out;
}

}  // namespace posittune::rtl
