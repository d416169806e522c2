#pragma once

// A MAC unit under test, whatever its size: pins in, pins out, one clock.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::rtl {

struct MacInput {
  bool reset = false, valid = false, clear = false, last = false, ready = false;
  std::uint32_t a = 0, b = 0;
};

struct MacOutput {
  bool ready = false, valid = false, nar = false;
  std::uint32_t posit = 0;
  std::vector<std::uint32_t> acc;  // sign-extended
};

class MacUnit {
 public:
  virtual ~MacUnit() = default;
  // The inputs of this cycle; outputs that depend on them at once follow.
  virtual void set(const MacInput& input) = 0;
  virtual bool ready() const = 0;
  virtual bool valid() const = 0;
  virtual MacOutput output() const = 0;
  // The rising edge.
  virtual void clock() = 0;
};

// One build of rtl/tb/mac_bench.sv; tests/rtl/CMakeLists.txt has the same list.
struct MacConfig {
  std::string name;
  int n, es, pipeline, guard, truncate, width;
  int a_n;  // bits of a; less than n: posit_mac_mixed

  formats::Format format() const { return formats::posit(n, es); }
  formats::Format a_format() const { return formats::posit(a_n, es); }
  bool mixed() const { return a_n < n; }
  bool exact() const { return truncate == 0; }
  int lsb() const { return truncate - 2 * (n - 2) * (1 << es); }
};

const std::vector<MacConfig>& mac_configs();
const MacConfig& mac_config(const std::string& name);
std::unique_ptr<MacUnit> make_mac(const MacConfig& config);

}  // namespace posittune::rtl
