#include <iterator>

#include "posittune/records/cost.h"
#include "posittune/records/json_fields.h"

namespace posittune::records {
namespace {

using Json = nlohmann::ordered_json;

struct Total {
  const char* name;
  double CostTotals::* of;
  bool relative;  // also given as a part of FP32's and int8's
};
constexpr Total kTotals[] = {{"bits_per_weight", &CostTotals::bits_per_weight, false},
                             {"weight_bits", &CostTotals::weight_bits, false},
                             {"bytes", &CostTotals::bytes, true},
                             {"macs", &CostTotals::macs, false},
                             {"mac_bits", &CostTotals::mac_bits, true},
                             {"activation_bits", &CostTotals::activation_bits, false},
                             {"compute_pj", &CostTotals::compute_pj, true},
                             {"memory_pj", &CostTotals::memory_pj, true},
                             {"energy_pj", &CostTotals::energy_pj, true},
                             {"area_um2", &CostTotals::area_um2, true},
                             {"mean_area_um2", &CostTotals::mean_area_um2, true},
                             {"delay_ns", &CostTotals::delay_ns, true}};

Json relative_json(const CostTotals& totals, const std::optional<CostTotals>& to) {
  if (!to) return nullptr;
  Json json = Json::object();
  for (const Total& each : kTotals) {
    if (each.relative) json[each.name] = number_to_json(totals.*each.of / (*to).*each.of);
  }
  return json;
}

Json part_json(const CostPart& part) {
  return {{"macs", number_to_json(part.macs)},
          {"mac_bits", number_to_json(part.mac_bits)},
          {"compute_pj", number_to_json(part.compute_pj)},
          {"memory_pj", number_to_json(part.memory_pj)}};
}

Json layer_json(const CostPart& part, const LoadRecord& layer) {
  return {{"layer", layer.name},
          {"mac_bits", number_to_json(part.mac_bits)},
          {"compute_pj", number_to_json(part.compute_pj)},
          {"memory_pj", number_to_json(part.memory_pj)},
          {"area_um2", number_to_json(part.area_um2)}};
}

Json row_json(const CostRow& row, const CostResult& of, bool by_layer) {
  Json json = {{"format", row.format}, {"activations", row.activations}};
  for (const Total& each : kTotals) json[each.name] = number_to_json(row.totals.*each.of);
  json["relative_to_fp32"] = relative_json(row.totals, of.fp32);
  json["relative_to_int8"] = relative_json(row.totals, of.int8);
  json["parts"] = {{"weighted", part_json(row.weighted)},
                   {"activations", part_json(row.of_activations)},
                   {"others", part_json(row.others)}};
  if (!by_layer) return json;
  json["products"] = Json::array();
  for (std::size_t p = 0; p < row.products.size(); ++p) {
    json["products"].push_back(part_json(row.products[p]));
    json["products"].back()["product"] = of.products[p].name;
  }
  json["layers"] = Json::array();
  for (std::size_t l = 0; l < row.layers.size(); ++l)
    json["layers"].push_back(layer_json(row.layers[l], of.layers[l]));
  return json;
}

// `more`: what a layer or a product has beside its elements.
Json load_json(const char* is, const LoadRecord& load, const Json& more) {
  Json json = {{is, load.name}, {"kind", load.kind}};
  json.update(more);
  json.update({{"known", load.known},
               {"macs", load.macs},
               {"weight_elements", load.weights},
               {"input_elements", load.inputs},
               {"output_elements", load.outputs}});
  return json;
}

Json table_json(const CostTableRecord& table) {
  return {{"source", table.source}, {"placeholder", table.placeholder}, {"node", table.node}};
}

Json unit_json(const UnitRecord& unit) {
  return {{"format", unit.format},
          {"activations", unit.activations},
          {"unit", unit.unit},
          {"accumulator", unit.accumulator},
          {"pipeline", unit.pipeline},
          {"area_um2", unit.area_um2},
          {"nand2_eq", unit.nand2_eq},
          {"delay_ns", unit.delay_ns},
          {"energy_pj", unit.energy_pj},
          {"leakage_nw", unit.leakage_nw},
          {"used", unit.used}};
}

}  // namespace

std::string json_text(const UnitsResult& result) {
  Json document = {
      {"table", table_json(result.table)}, {"rows", Json::array()}, {"notes", result.notes}};
  for (const UnitRecord& unit : result.rows) document["rows"].push_back(unit_json(unit));
  return document_text(document);
}

std::string json_text(const CostResult& result, bool by_layer) {
  const CostTableRecord& table = result.table;
  Json document = {{"model", result.model},
                   {"table", table_json(table)},
                   {"memory",
                    {{"weight_pj_per_bit", table.weight_pj_per_bit},
                     {"activation_pj_per_bit", table.activation_pj_per_bit}}},
                   {"rows", Json::array()},
                   {"notes", result.notes}};
  for (const CostRow& row : result.rows)
    document["rows"].push_back(row_json(row, result, by_layer));
  if (!by_layer) return document_text(document);
  document["layers"] = Json::array();
  for (const LoadRecord& layer : result.layers) {
    const Json weight = layer.weight ? Json(*layer.weight) : Json(nullptr);
    document["layers"].push_back(load_json("layer", layer, {{"weight", weight}}));
  }
  document["products"] = Json::array();
  for (const LoadRecord& product : result.products) {
    document["products"].push_back(
        load_json("product", product, {{"reason", product.reason}, {"bits", product.bits}}));
  }
  return document_text(document);
}

}  // namespace posittune::records
