#include "posittune/report/html_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <utility>

#include "posittune/base/version.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"
#include "posittune/report/page_assets.h"
#include "posittune/report/run_summary.h"

namespace posittune::report {
namespace {

constexpr int kMostGridBits = 8;  // finer grids are no lines any more, in any plot

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

void add_grid(const std::string& name, std::map<std::string, std::vector<double>>& grids) {
  const auto format = formats::parse_format(name);
  if (!format || format->bits > kMostGridBits || grids.contains(name)) return;
  std::vector<double> values;
  for (const double value : formats::value_table(*format)) {
    if (std::isfinite(value)) values.push_back(value);
  }
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  grids[name] = std::move(values);
}

std::string title_of(const records::ReportDocument& document) {
  if (document.runs.size() == 1) return document.summaries.front().title;
  return std::to_string(document.runs.size()) + " runs of PositTune";
}

// Fills each {{name}} of the template, once, from left to right: what is put in is not looked at
// again.
std::string filled(std::string_view text, const std::map<std::string, std::string_view>& parts) {
  std::string page;
  while (true) {
    const std::size_t open = text.find("{{"), close = text.find("}}", open);
    if (open == text.npos || close == text.npos) break;
    page.append(text.substr(0, open));
    const auto part = parts.find(std::string(text.substr(open + 2, close - open - 2)));
    if (part != parts.end()) page.append(part->second);
    text.remove_prefix(close + 2);
  }
  return page.append(text);
}

}  // namespace

records::ReportDocument document_of(std::vector<records::StoredRun> runs) {
  records::ReportDocument document{.version = kVersion,
                                   .written = utc_now(),
                                   .runs = std::move(runs),
                                   .summaries = {},
                                   .grids = {}};
  for (const records::StoredRun& run : document.runs) {
    document.summaries.push_back(summary_of(run));
    if (!run.details) continue;
    for (const records::LayerLook& look : run.details->looks) {
      for (const records::WeightHistogram& each : look.histograms)
        add_grid(each.format, document.grids);
    }
  }
  return document;
}

std::string script_safe(std::string_view json) {
  std::string text;
  text.reserve(json.size() + json.size() / 16);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '<') {
      text += "\\u003c";
    } else if (c == '>') {
      text += "\\u003e";
    } else if (c == '&') {
      text += "\\u0026";
    } else if (json.substr(i, 3) == "\xe2\x80\xa8" || json.substr(i, 3) == "\xe2\x80\xa9") {
      text += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";  // line ends to older JavaScript
      i += 2;
    } else {
      text += c;
    }
  }
  return text;
}

std::string html_escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

Result<std::string> html_page(const records::ReportDocument& document) {
  auto json = records::json_text(document);
  if (!json) return json.error();
  const std::string title = html_escaped(title_of(document)), data = script_safe(*json);
  return filled(page_template(), {{"title", title},
                                  {"style", page_style()},
                                  {"data", data},
                                  {"plotly", plotly_script()},
                                  {"script", page_script()}});
}

}  // namespace posittune::report
