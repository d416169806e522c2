#include <cmath>

#include "posittune/records/json_fields.h"
#include "posittune/records/rounding.h"

namespace posittune::records {

std::string json_text(const Rounding& of) {
  using Json = nlohmann::ordered_json;
  const Json row = {{"format", of.format},
                    {"rule", of.rule},
                    {"elements", of.elements},
                    {"sqnr_db", std::isfinite(of.sqnr_db) ? Json(of.sqnr_db) : Json(nullptr)},
                    {"exact", of.noise == 0},
                    {"max_error", of.max_error},
                    {"saturated", of.saturated},
                    {"overflowed", of.overflowed},
                    {"to_zero", of.to_zero},
                    {"nonfinite", of.nonfinite},
                    {"scales", of.scales},
                    {"output", of.output},
                    {"seconds", of.seconds}};
  return document_text(Json{{"rows", Json::array({row})}});
}

}  // namespace posittune::records
