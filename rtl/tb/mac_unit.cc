#include "mac_unit.h"

#include <cassert>

#include "mac_models.h"  // made by CMake: includes each Verilated model, and POSITTUNE_MAC_MODELS

namespace posittune::rtl {
namespace {

template <class Model>
class VerilatedMac : public MacUnit {
 public:
  void set(const MacInput& in) override {
    model_.rst_i = in.reset;
    model_.valid_i = in.valid;
    model_.clear_i = in.clear;
    model_.last_i = in.last;
    model_.ready_i = in.ready;
    model_.a_i = in.a;
    model_.b_i = in.b;
    model_.clk_i = 0;
    model_.eval();
  }
  bool ready() const override { return model_.ready_o != 0; }
  bool valid() const override { return model_.valid_o != 0; }
  MacOutput output() const override {
    MacOutput out{.ready = model_.ready_o != 0,
                  .valid = model_.valid_o != 0,
                  .nar = model_.nar_o != 0,
                  .posit = model_.posit_o,
                  .acc = {}};
    constexpr std::size_t kWords = sizeof(model_.acc_o) / sizeof(std::uint32_t);
    for (std::size_t i = 0; i < kWords; ++i) out.acc.push_back(model_.acc_o[i]);
    return out;
  }
  void clock() override {
    model_.clk_i = 1;
    model_.eval();
  }

 private:
  Model model_;
};

}  // namespace

const std::vector<MacConfig>& mac_configs() {
  static const std::vector<MacConfig> configs = {
#define POSITTUNE_CONFIG(NAME, N, ES, PIPELINE, GUARD, TRUNCATE, WIDTH, A_N) \
  {#NAME, N, ES, PIPELINE, GUARD, TRUNCATE, WIDTH, A_N},
      POSITTUNE_MAC_MODELS(POSITTUNE_CONFIG)
#undef POSITTUNE_CONFIG
  };
  return configs;
}

const MacConfig& mac_config(const std::string& name) {
  for (const MacConfig& config : mac_configs()) {
    if (config.name == name) return config;
  }
  assert(false && "no such build");
  return mac_configs().front();
}

std::unique_ptr<MacUnit> make_mac(const MacConfig& config) {
#define POSITTUNE_MAKE(NAME, ...) \
  if (config.name == #NAME) return std::make_unique<VerilatedMac<V##NAME>>();
  POSITTUNE_MAC_MODELS(POSITTUNE_MAKE)
#undef POSITTUNE_MAKE
  return nullptr;
}

}  // namespace posittune::rtl
