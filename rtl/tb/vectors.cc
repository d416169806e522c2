// Writes what the hardware makes of random operands, for other libraries to judge:
//   rtl_vectors MODEL COUNT   (a build of mac_bench, see tests/rtl/CMakeLists.txt)
// Lines of hexadecimal codes: one product `a b : posit`, then sums of three `a b a b a b : posit`.

#include <cstdio>
#include <cstdlib>
#include <random>

#include "codes.h"
#include "mac_unit.h"

namespace posittune::rtl {
namespace {

void vector(MacUnit& unit, const MacConfig& config, int pairs, std::mt19937_64& random) {
  const formats::Format format = config.format();
  for (int i = 0; i < pairs; ++i) {
    MacInput in{.valid = true, .clear = i == 0, .last = i + 1 == pairs, .ready = true};
    in.a = corner_code(config.a_format(), random), in.b = corner_code(format, random);
    std::printf("%x %x ", in.a, in.b);
    unit.set(in);
    unit.clock();
  }
  for (;;) {
    unit.set({.ready = true});
    const bool done = unit.valid();
    if (done) std::printf(": %x\n", unit.output().posit);
    unit.clock();
    if (done) return;
  }
}

int run(const char* model, int count) {
  for (const MacConfig& config : mac_configs()) {
    if (config.name != model) continue;
    auto unit = make_mac(config);
    unit->set({.reset = true});
    unit->clock();
    std::mt19937_64 random(51);
    for (int i = 0; i < count; ++i) vector(*unit, config, i % 2 == 0 ? 1 : 3, random);
    return 0;
  }
  std::fprintf(stderr, "rtl_vectors: no build is named %s\n", model);
  return 2;
}

}  // namespace
}  // namespace posittune::rtl

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: rtl_vectors MODEL COUNT\n");
    return 2;
  }
  return posittune::rtl::run(argv[1], std::atoi(argv[2]));
}
