#include "posittune/report/cost_text.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "posittune/base/printable.h"
#include "posittune/report/number_text.h"
#include "posittune/report/table.h"

namespace posittune::report {
namespace {

using records::CostPart;
using records::CostResult;
using records::CostRow;
using records::CostTotals;
using records::LoadRecord;
using records::UnitRecord;

// "0.25 / 1": a number as a part of FP32's, and of int8's.
template <class Of>
std::string relative(const Of& of, const std::optional<Of>& fp32, const std::optional<Of>& int8,
                     double Of::* number) {
  const auto part = [&](const std::optional<Of>& whole) {
    return three_digits(whole ? of.*number / (*whole).*number
                              : std::numeric_limits<double>::quiet_NaN());
  };
  return part(fp32) + " / " + part(int8);
}

std::string rows_table(const CostResult& of) {
  Table table({{"format"},
               {"activations"},
               {"bits/weight", Align::kRight},
               {"bytes", Align::kRight},
               {"to fp32 / int8", Align::kRight},
               {"MAC-bits", Align::kRight},
               {"compute", Align::kRight},
               {"memory", Align::kRight},
               {"energy", Align::kRight},
               {"to fp32 / int8", Align::kRight},
               {"mean MAC um2", Align::kRight},
               {"to fp32 / int8", Align::kRight},
               {"largest", Align::kRight},
               {"ns", Align::kRight}});
  for (const CostRow& row : of.rows) {
    const CostTotals& totals = row.totals;
    table.add_row({row.format, row.activations, fmt::format("{:.3f}", totals.bits_per_weight),
                   bytes_text(totals.bytes), relative(totals, of.fp32, of.int8, &CostTotals::bytes),
                   three_digits(totals.mac_bits), energy_text(totals.compute_pj),
                   energy_text(totals.memory_pj), energy_text(totals.energy_pj),
                   relative(totals, of.fp32, of.int8, &CostTotals::energy_pj),
                   three_digits(totals.mean_area_um2),
                   relative(totals, of.fp32, of.int8, &CostTotals::mean_area_um2),
                   three_digits(totals.area_um2), three_digits(totals.delay_ns)});
  }
  return table.text();
}

constexpr std::pair<const char*, CostPart CostRow::*> kParts[] = {
    {"layers with weights", &CostRow::weighted},
    {"products of two activations", &CostRow::of_activations},
    {"other products", &CostRow::others}};

std::string parts_table(const CostResult& of) {
  std::vector<Column> columns = {{"energy of"}, {"MACs", Align::kRight}};
  for (const CostRow& row : of.rows) columns.push_back({row.format, Align::kRight});
  Table table(std::move(columns));
  for (const auto& [title, part] : kParts) {
    const CostPart& first = of.rows.front().*part;
    if (first.inputs_read == 0 && first.memory_pj == 0) continue;
    std::vector<std::string> cells = {title, three_digits(first.macs)};
    for (const CostRow& row : of.rows) {
      const double pj = (row.*part).energy_pj();
      cells.push_back(
          fmt::format("{} ({:.0f} %)", energy_text(pj), 100 * pj / row.totals.energy_pj));
    }
    table.add_row(std::move(cells));
  }
  return table.text();
}

void add_loads(const CostResult& of, const std::vector<LoadRecord>& loads,
               std::vector<CostPart> CostRow::* parts, Table& table) {
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const LoadRecord& load = loads[i];
    std::vector<std::string> cells = {load.name, load.kind};
    for (const std::uint64_t count : {load.macs, load.weights, load.inputs, load.outputs})
      cells.push_back(load.known ? std::to_string(count) : "?");
    for (const CostRow& row : of.rows) cells.push_back(energy_text((row.*parts)[i].energy_pj()));
    table.add_row(std::move(cells));
  }
}

std::string layers_table(const CostResult& of) {
  std::vector<Column> columns = {{"layer"},
                                 {"kind"},
                                 {"MACs", Align::kRight},
                                 {"weights", Align::kRight},
                                 {"inputs", Align::kRight},
                                 {"outputs", Align::kRight}};
  for (const CostRow& row : of.rows) columns.push_back({row.format, Align::kRight});
  Table table(std::move(columns));
  add_loads(of, of.layers, &CostRow::layers, table);
  add_loads(of, of.products, &CostRow::products, table);
  return table.text();
}

}  // namespace

std::string cost_text(const CostResult& result, bool by_layer) {
  const CostRow& first = result.rows.front();
  std::string text = printable(fmt::format("{}  one run, {} MACs", result.model,
                                           three_digits(first.totals.macs))) +
                     "\n" + rows_table(result);
  if (first.of_activations.inputs_read > 0 || first.others.inputs_read > 0)
    text += "\n" + parts_table(result);
  if (!by_layer) return text;
  return text + "\nenergy of each layer" +
         (result.products.empty() ? ""
                                  : ", then of products that are no layers and stay as they are") +
         "\n" + layers_table(result);
}

std::string units_text(const records::UnitsResult& result) {
  Table table({{"weights"},
               {"activations"},
               {"accumulator"},
               {"pipeline"},
               {"um2", Align::kRight},
               {"to fp32 / int8", Align::kRight},
               {"ns", Align::kRight},
               {"pJ", Align::kRight},
               {"to fp32 / int8", Align::kRight},
               {""}});
  for (const UnitRecord& unit : result.rows) {
    table.add_row({unit.format, unit.activations, unit.accumulator, unit.pipeline,
                   three_digits(unit.area_um2),
                   relative(unit, result.fp32, result.int8, &UnitRecord::area_um2),
                   three_digits(unit.delay_ns), three_digits(unit.energy_pj),
                   relative(unit, result.fp32, result.int8, &UnitRecord::energy_pj),
                   unit.used ? "*" : ""});
  }
  return table.text() + "* the unit that a model's costs take\n";
}

}  // namespace posittune::report
