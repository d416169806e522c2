#include "posittune/cli/shape_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

namespace posittune::cli {

void declare_shapes(CLI::App& app, std::vector<std::string>& texts) {
  app.add_option("--shape", texts,
                 "shape of an input, for MACs: NAME=D0,D1,... (default: 1 for each open dimension)")
      ->option_text("NAME=DIMS")
      ->allow_extra_args(false);
}

// "input_ids=1,256"
Result<std::map<std::string, TensorShape>> parse_shapes(const std::vector<std::string>& texts) {
  std::map<std::string, TensorShape> shapes;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    TensorShape shape;
    bool good = equals != std::string::npos && equals > 0;
    for (std::size_t at = equals + 1; good && at <= text.size();) {
      const std::size_t comma = std::min(text.find(',', at), text.size());
      std::size_t value = 0;
      const auto [end, error] = std::from_chars(text.data() + at, text.data() + comma, value);
      good = error == std::errc{} && end == text.data() + comma && value > 0 && value < (1U << 30);
      shape.push_back(value);
      at = comma + 1;
    }
    if (!good) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "not an input shape",
                   .where = "--shape",
                   .expected = "NAME=D0,D1,...",
                   .found = text};
    }
    shapes[text.substr(0, equals)] = shape;
  }
  return shapes;
}

}  // namespace posittune::cli
