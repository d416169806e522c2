#include "posittune/cost/table.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "posittune/base/nearest.h"
#include "posittune/cost/placeholder.h"

namespace posittune::cost {
namespace {

using formats::Format;

constexpr std::string_view kMissing = "the table has no MAC unit for ";

std::string pair_text(const Format& weight, const Format& activation) {
  return formats::name(weight) + " x " + formats::name(activation);
}

}  // namespace

bool is_missing_unit(const Error& error) {
  return error.kind == ErrorKind::kInput && error.what.starts_with(kMissing);
}

Format unit_format(Format format) {
  if (format.family == formats::Family::kPosit) format.variant = 0;
  return format;
}

Table Table::placeholder() {
  Table table;
  table.placeholder_ = true;
  table.source_ = placeholder_source();
  return table;
}

std::vector<MacCost> Table::rows(const Format& weight, const Format& activation) const {
  const Pair pair(unit_format(weight), unit_format(activation));
  if (placeholder_) return placeholder_macs(pair.first, pair.second);
  const auto found = rows_.find(pair);
  return found == rows_.end() ? std::vector<MacCost>{} : found->second;
}

std::vector<MacCost> Table::rows() const {
  std::vector<MacCost> all;
  const auto append = [&all](const std::vector<MacCost>& some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  if (placeholder_) {
    const std::vector<Format> formats = placeholder_formats();
    for (const Format& weight : formats) {
      for (const Format& activation : formats) append(placeholder_macs(weight, activation));
    }
  }
  for (const auto& [pair, some] : rows_) append(some);
  return all;
}

Status Table::prefer(const std::string& accumulator, const std::string& pipeline) {
  std::set<std::string> accumulators, pipelines;
  if (placeholder_) {
    accumulators = {"fp32", "int", "quire"};
    pipelines = {"0"};
  }
  for (const auto& [pair, some] : rows_) {
    for (const MacCost& row : some) {
      accumulators.insert(row.accumulator);
      pipelines.insert(row.pipeline);
    }
  }
  const auto check = [this](const char* what, const std::string& name,
                            const std::set<std::string>& known) -> Status {
    if (name.empty() || known.contains(name)) return success();
    return Error{
        .kind = ErrorKind::kUsage,
        .what = "no MAC unit has the " + std::string(what) + " '" + name + "'",
        .where = std::string("`") + what + "`, " + (placeholder_ ? "the built-in table" : source_),
        .expected = joined({known.begin(), known.end()})};
  };
  if (const Status ok = check("accumulator", accumulator, accumulators); !ok) return ok.error();
  if (const Status ok = check("pipeline", pipeline, pipelines); !ok) return ok.error();
  accumulator_ = accumulator;
  pipeline_ = pipeline;
  return success();
}

Result<MacCost> Table::mac(const Format& weight, const Format& activation) const {
  std::vector<MacCost> some = rows(weight, activation);
  if (some.empty()) {
    std::vector<std::string> known;
    for (const auto& [pair, ignored] : rows_) known.push_back(pair_text(pair.first, pair.second));
    return Error{
        .kind = ErrorKind::kInput,
        .what = std::string(kMissing) + pair_text(weight, activation) + " (weight x activation)",
        .where = source_,
        .expected = "a row for it; the nearest pairs are " +
                    joined(nearest(pair_text(weight, activation), known, 3)),
        .hint =
            "`table=placeholder` has a model for every pair, and its rows (`table_csv`) can be "
            "added to a table of your own"};
  }
  // A preference that no row of this pair meets does not count: ints have no quire.
  const auto keep = [&some](const std::string& wanted, std::string MacCost::* field) {
    const auto meets = [&](const MacCost& row) { return row.*field == wanted; };
    if (wanted.empty() || std::none_of(some.begin(), some.end(), meets)) return;
    std::erase_if(some, [&](const MacCost& row) { return !meets(row); });
  };
  keep(accumulator_, &MacCost::accumulator);
  keep(pipeline_, &MacCost::pipeline);
  return *std::min_element(some.begin(), some.end(), [](const MacCost& a, const MacCost& b) {
    return a.energy_pj < b.energy_pj;
  });
}

}  // namespace posittune::cost
