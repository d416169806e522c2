#include "posittune/base/processor.h"

#include <fstream>
#include <map>

namespace posittune {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  std::map<std::string, std::string> first;  // of the first processor
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const std::size_t end = line.find_first_of("\t:"), colon = line.find(": ");
    if (colon != std::string::npos) first.emplace(line.substr(0, end), line.substr(colon + 2));
  }
  const auto name = first.find("model name");
  if (name == first.end()) return "unknown";
  const auto family = first.find("cpu family"), model = first.find("model");
  const auto stepping = first.find("stepping");
  if (family == first.end() || model == first.end() || stepping == first.end()) return name->second;
  std::string text = name->second;
  text.append(" (family ").append(family->second).append(", model ").append(model->second);
  return text.append(", stepping ").append(stepping->second).append(")");
}

}  // namespace posittune
