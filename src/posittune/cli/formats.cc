// posittune formats: the list, a format's card, its code table, its decimal accuracy.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "posittune/base/files.h"
#include "posittune/base/printable.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/family.h"
#include "posittune/formats/format.h"
#include "posittune/records/json_fields.h"
#include "posittune/report/format_card.h"

namespace posittune::cli {
namespace {

using formats::Format;
using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> specs;
  bool json = false;
  std::string codes;   // csv or json
  std::string output;  // of the code table
  std::string plot;
};

Json to_json(const Format& format) {
  const formats::Traits t = formats::traits(format);
  Json row = {{"name", formats::name(format)},
              {"family", report::family_name(format)},
              {"bits", format.bits},
              {"exponent_bits", format.exp_bits},
              {"block", format.block},
              {"layout", formats::layout(format)},
              {"max", t.max},
              {"min", t.min},
              {"min_normal", t.min_normal},
              {"epsilon", t.epsilon},
              {"significand_bits", t.significand_bits},
              {"infinity", t.has_infinity},
              {"negative_zero", t.has_negative_zero},
              {"standard", t.standard},
              {"source", t.source}};
  row["nan_code"] = t.nan_code ? Json(*t.nan_code) : Json(nullptr);
  return row;
}

std::string code_table(const Format& format, bool json) {
  const std::vector<double> values = formats::value_table(format);
  if (json) {
    Json table = {{"format", formats::name(format)}, {"rows", Json::array()}};
    for (std::size_t code = 0; code < values.size(); ++code) {
      const Json value =
          std::isfinite(values[code]) ? Json(values[code]) : Json(fmt::format("{}", values[code]));
      table["rows"].push_back(
          {{"code", code}, {"bits", report::binary(code, format.bits)}, {"value", value}});
    }
    return table.dump(1) + "\n";
  }
  std::string csv = "code,bits,value\n";
  for (std::size_t code = 0; code < values.size(); ++code) {
    csv += fmt::format("{},{},{}\n", code, report::binary(code, format.bits), values[code]);
  }
  return csv;
}

Status write_codes(const Options& options, const std::vector<Format>& chosen, Streams streams) {
  if (chosen.size() != 1) {
    return Error{.kind = ErrorKind::kUsage, .what = "--codes needs exactly one format"};
  }
  if (chosen.front().bits > 16) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "the code table of " + formats::name(chosen.front()) + " is too long",
                 .expected = "at most 16 bits",
                 .found = std::to_string(chosen.front().bits)};
  }
  const std::string table = code_table(chosen.front(), options.codes == "json");
  if (!options.output.empty()) return write_file(options.output, table);
  fmt::print(streams.out, "{}", table);
  return success();
}

Status show(const Options& options, Streams streams) {
  std::vector<Format> chosen;
  for (const std::string& spec : options.specs) {
    auto format = formats::parse_format(spec);
    if (!format) return format.error();
    chosen.push_back(*format);
  }
  if (!options.plot.empty() && options.plot == options.output) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "-o and --plot name the same file",
                 .where = options.plot};
  }
  if (!options.codes.empty()) {
    if (Status s = write_codes(options, chosen, streams); !s) return s;
  } else if (!options.output.empty()) {
    return Error{.kind = ErrorKind::kUsage, .what = "-o is where --codes writes; give --codes too"};
  }
  if (!options.plot.empty()) {
    if (chosen.empty()) {
      return Error{.kind = ErrorKind::kUsage, .what = "--plot needs at least one format"};
    }
    for (const Format& format : chosen) {
      if (formats::decimal_accuracy(format).empty())
        say_note(streams, formats::name(format) + " has one magnitude: no accuracy to plot");
    }
    if (Status s = write_file(options.plot, report::accuracy_plot(chosen)); !s) return s;
    fmt::print(streams.err, "decimal accuracy plotted in {}\n", printable(options.plot));
  }
  if (!options.codes.empty()) return success();
  const std::vector<Format> rows = chosen.empty() ? formats::known_formats() : chosen;
  if (options.json) {
    Json document = {{"rows", Json::array()}};
    for (const Format& format : rows) document["rows"].push_back(to_json(format));
    streams.out << records::document_text(document);
  } else if (chosen.size() == 1) {
    fmt::print(streams.out, "{}", report::card(chosen.front()));
  } else {
    fmt::print(streams.out, "{}", report::format_table(rows));
    if (chosen.empty()) {
      fmt::print(streams.out,
                 "\nAlso posit<n,es> (n 2..32, es 0..4), int2..int16, fpN_eXmY (N = 1+X+Y).\n"
                 "`posittune formats 'posit<8,1>'` prints one format's card.\n");
    }
  }
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  offer(app.add_option("SPEC", options->specs,
                       "formats to show. None: the list of known formats; one: its properties; "
                       "several: a table"),
        format_words());
  CLI::Option* json = declare_json(app, options->json);
  app.add_option("--codes", options->codes, "print every code of one format with its value")
      ->check(CLI::IsMember({"csv", "json"}))
      ->excludes(json);
  app.add_option("-o,--output", options->output, "file that --codes writes (default: stdout)")
      ->type_name("FILE");
  app.add_option("--plot", options->plot,
                 "write the decimal accuracy of the formats as an SVG file")
      ->type_name("FILE");
  return [options, streams] { return show(*options, streams); };
}

}  // namespace

extern const Command kFormats = {"formats", "number formats: their properties, codes and accuracy",
                                 declare};

}  // namespace posittune::cli
