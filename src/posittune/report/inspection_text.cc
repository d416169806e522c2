#include "posittune/report/inspection_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <vector>

#include "posittune/base/tensor.h"
#include "posittune/report/number_text.h"
#include "posittune/report/table.h"

namespace posittune::report {
namespace {

using records::InspectedLayer;
using records::InspectedProduct;
using records::InspectedWeight;
using records::Inspection;

void add_weight(const InspectedWeight& weight, std::vector<std::string>& cells) {
  cells[1] = weight.name;
  cells[3] = to_string(weight.shape);
  cells[4] = count_text(weight.parameters);
  cells[6] = three_digits(weight.min);
  cells[7] = three_digits(weight.max);
  cells[8] = three_digits(weight.rms);
  cells[9] = three_digits(weight.kurtosis);
  cells[10] = std::to_string(weight.layers.size());
}

std::string layers_table(const Inspection& inspection) {
  Table table({{"layer"},
               {"weight"},
               {"kind"},
               {"weight shape"},
               {"parameters", Align::kRight},
               {"MACs", Align::kRight},
               {"min", Align::kRight},
               {"max", Align::kRight},
               {"rms", Align::kRight},
               {"kurtosis", Align::kRight},
               {"uses", Align::kRight},
               {""}});
  for (const InspectedLayer& layer : inspection.rows) {
    std::vector<std::string> cells(12);
    cells[0] = layer.name;
    cells[1] = "-";
    cells[2] = layer.kind;
    cells[5] = layer.macs.value_or(0) > 0 ? count_text(*layer.macs) : "-";
    if (layer.weight) add_weight(*layer.weight, cells);
    cells[11] = layer.quantized ? "" : "stays FP32";
    table.add_row(std::move(cells));
  }
  return table.text();
}

std::string products_table(const Inspection& inspection) {
  Table table({{"product, not quantized"},
               {"kind"},
               {"constants", Align::kRight},
               {"bytes", Align::kRight},
               {"MACs", Align::kRight},
               {"of"},
               {"why"}});
  for (const InspectedProduct& each : inspection.products) {
    table.add_row({each.name, each.kind, count_text(each.elements), count_text(each.bytes),
                   each.macs ? count_text(*each.macs) : "-",
                   each.constants.empty() ? "activations"
                                          : fmt::format("{}", fmt::join(each.constants, ", ")),
                   each.reason + (each.note.empty() ? "" : "; " + each.note)});
  }
  return table.text();
}

// "12 nodes multiply by 96 constants element by element and stay FP32: Multiply (10), PRelu (2)"
std::string elementwise_line(const Inspection& inspection) {
  if (inspection.elementwise.empty()) return "";
  std::map<std::string, std::size_t> kinds;
  std::uint64_t constants = 0;
  for (const records::InspectedElementwise& product : inspection.elementwise) {
    ++kinds[product.kind];
    constants += product.elements;
  }
  std::vector<std::string> list;
  for (const auto& [kind, count] : kinds) list.push_back(fmt::format("{} ({})", kind, count));
  const bool one = inspection.elementwise.size() == 1;
  return fmt::format("{} node{} by {} constants element by element and stay{} FP32: {}\n",
                     inspection.elementwise.size(), one ? " multiplies" : "s multiply",
                     count_text(constants), one ? "s" : "", fmt::join(list, ", "));
}

// "12 layers, 3 weights with 96 parameters (8 others stay FP32), 5760 MACs and 64 in 1 products
// ..."
std::string totals_line(const Inspection& inspection) {
  std::uint64_t macs = 0, beside = 0;
  bool all_known = true;
  for (const InspectedLayer& layer : inspection.rows) {
    macs += layer.macs.value_or(0);
    all_known = all_known && layer.macs;
  }
  for (const InspectedProduct& product : inspection.products) {
    beside += product.macs.value_or(0);
    all_known = all_known && product.macs;
  }
  const std::string others = beside > 0
                                 ? fmt::format(" and {} in {} products that are no layers",
                                               count_text(beside), inspection.products.size())
                                 : "";
  return fmt::format("{} layers, {} weights with {} parameters ({} others stay FP32), {}{}\n",
                     inspection.rows.size(), inspection.weights, count_text(inspection.parameters),
                     count_text(inspection.other_parameters),
                     all_known ? count_text(macs) + " MACs" : "MACs unknown", others);
}

}  // namespace

std::string inspection_text(const Inspection& inspection) {
  return layers_table(inspection) + "\n" + elementwise_line(inspection) + totals_line(inspection) +
         (inspection.products.empty() ? "" : "\n" + products_table(inspection));
}

}  // namespace posittune::report
