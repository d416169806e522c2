#include "posittune/records/inspection.h"
#include "posittune/records/json_fields.h"

namespace posittune::records {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json layer_json(const InspectedLayer& layer) {
  const auto& weight = layer.weight;
  Json json = {{"layer", layer.name},
               {"kind", layer.kind},
               {"weight", weight ? Json(weight->name) : Json(nullptr)},
               {"input_shape", layer.input_shape},
               {"output_shape", layer.output_shape},
               {"groups", layer.groups},
               {"macs", or_null(layer.macs)},
               {"quantized", layer.quantized}};
  if (!weight) return json;
  Json others = Json::array();
  for (const std::string& other : weight->layers) {
    if (other != layer.name) others.push_back(other);
  }
  json.update({{"weight_shape", weight->shape},
               {"channels", weight->channels},
               {"parameters", weight->parameters},
               {"min", weight->min},
               {"max", weight->max},
               {"rms", weight->rms},
               {"kurtosis", weight->kurtosis},
               {"shares_weight_with", others}});
  return json;
}

Json product_json(const InspectedProduct& product) {
  return {{"product", product.name},
          {"kind", product.kind},
          {"reason", product.reason},
          {"constants", product.constants},
          {"elements", product.elements},
          {"bytes", product.bytes},
          {"already_quantized", product.already_quantized},
          {"macs", or_null(product.macs)},
          {"note", product.note}};
}

Json elementwise_json(const InspectedElementwise& product) {
  Json json = {{"product", product.name},
               {"kind", product.kind},
               {"constants", product.constants},
               {"elements", product.elements},
               {"bytes", product.bytes}};
  if (!product.where.empty()) json["where"] = product.where;
  return json;
}

}  // namespace

std::string json_text(const Inspection& inspection) {
  Json document = {{"model", inspection.model},
                   {"rows", Json::array()},
                   {"products", Json::array()},
                   {"elementwise", Json::array()},
                   {"notes", inspection.notes},
                   {"other_parameters", inspection.other_parameters},
                   {"other_bytes", inspection.other_bytes}};
  for (const InspectedLayer& layer : inspection.rows) document["rows"].push_back(layer_json(layer));
  for (const InspectedProduct& product : inspection.products) {
    document["products"].push_back(product_json(product));
    document["notes"].push_back(product.text);
  }
  for (const InspectedElementwise& product : inspection.elementwise)
    document["elementwise"].push_back(elementwise_json(product));
  return document_text(document);
}

}  // namespace posittune::records
