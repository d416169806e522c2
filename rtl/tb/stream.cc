#include "stream.h"

#include <fmt/format.h>

namespace posittune::rtl {

Stream::Stream(const MacConfig& config, std::uint64_t seed)
    : config_(config),
      unit_(make_mac(config)),
      model_(config.lsb(), config.width),
      random_(seed),
      words_(unit_->output().acc.size()) {
  reset();
}

void Stream::set_pauses(int input, int output) {
  input_pause_ = input;
  output_pause_ = output;
}

void Stream::reset() {
  MacInput in{.reset = true, .valid = true, .clear = false, .last = true, .ready = chance(128)};
  in.a = 1u << (config_.a_n - 2), in.b = 1u << (config_.n - 2);
  unit_->set(in);
  unit_->clock();
  due_.clear();
  model_.clear();
}

bool Stream::compare() {
  const MacOutput out = unit_->output();
  if (due_.empty()) {
    mismatch_ = fmt::format("{}: a sum came that nobody asked for", config_.name);
    return false;
  }
  const Expected& expected = due_.front();
  const bool same = out.nar == expected.nar && out.posit == expected.posit &&
                    (expected.nar || out.acc == expected.acc);
  if (!same) {
    mismatch_ = fmt::format("{}: sum {} after {} pairs: posit {:#x}, nar {}; expected {:#x}, {}{}",
                            config_.name, sums_, pairs_, out.posit, out.nar, expected.posit,
                            expected.nar, out.acc == expected.acc ? "" : "; accumulators differ");
  }
  due_.pop_front();
  ++sums_;
  nars_ += expected.nar ? 1 : 0;
  return same;
}

bool Stream::cycle(const Pair* pair, bool* taken) {
  MacInput in;
  in.valid = pair != nullptr && !chance(input_pause_);
  in.ready = !chance(output_pause_);
  if (in.valid) {
    in.a = pair->a, in.b = pair->b, in.clear = pair->clear, in.last = pair->last;
  } else {  // what must be ignored
    in.a = static_cast<std::uint32_t>(random_()), in.b = 1u << (config_.n - 1);
    in.clear = in.last = true;
  }
  unit_->set(in);
  const bool accepted = in.valid && unit_->ready();
  stalls_ += in.valid && !accepted ? 1 : 0;
  bool good = true;
  if (unit_->valid() && in.ready) good = compare();
  if (accepted) {
    if (pair->clear) model_.clear();
    model_.add_product(config_.a_format(), pair->a, config_.format(), pair->b);
    ++pairs_;
    if (pair->last) {
      due_.push_back({model_.is_nar(), model_.to_posit(config_.format()), model_.bits(words_)});
    }
  }
  if (taken != nullptr) *taken = accepted;
  unit_->clock();
  return good;
}

bool Stream::push(const Pair& pair) {
  for (int tries = 0; tries < 10000; ++tries) {
    bool taken = false;
    if (!cycle(&pair, &taken)) return false;
    if (taken) return true;
  }
  mismatch_ = config_.name + ": a pair was never taken";
  return false;
}

bool Stream::drain() {
  for (int tries = 0; tries < 10000 && !due_.empty(); ++tries) {
    if (!cycle(nullptr, nullptr)) return false;
  }
  for (int tries = 0; tries < 8; ++tries) {  // and nothing more
    if (!cycle(nullptr, nullptr)) return false;
  }
  if (!due_.empty()) mismatch_ = config_.name + ": a sum never came";
  return due_.empty();
}

}  // namespace posittune::rtl
