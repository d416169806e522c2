#include "posittune/report/machine_text.h"

#include <fmt/format.h>

namespace posittune::report {
namespace {

std::string forced_text(bool forced, const std::string& variable) {
  return forced ? fmt::format(" (forced by {})", variable) : "";
}

std::string use_text(const records::Machine& machine, std::size_t at) {
  const records::MachinePath& path = machine.products[at];
  if (!path.works) return "not on this processor";
  if (!path.tried) return "held back by " + machine.product_variable;
  // After fp32, which is exact for all, nothing is used.
  if (!path.used) return "not used: slower than fp32";
  return at == 0 ? "used where it is exact" : "used where the ones before it are not exact";
}

}  // namespace

std::string machine_text(const records::Machine& machine) {
  std::string text =
      fmt::format("posittune {}\nthreads  {}\nkernels  {}{}\n", machine.version, machine.threads,
                  machine.kernels, forced_text(machine.forced, machine.kernel_variable));
  for (const records::MachineTarget& target : machine.targets) {
    text += fmt::format("  {:<8} {}\n", target.name,
                        target.supported ? "supported" : "not on this processor");
  }
  text += "products" +
          (machine.products_forced ? forced_text(true, machine.product_variable)
                                   : ", the fastest first") +
          "\n";
  for (std::size_t p = 0; p < machine.products.size(); ++p) {
    const double rate = machine.products[p].gflops;
    text += fmt::format("  {:<8} {}{}\n", machine.products[p].name, use_text(machine, p),
                        rate > 0 ? fmt::format(" ({:.0f} GFLOP/s on one thread)", rate) : "");
  }
  return text;
}

}  // namespace posittune::report
