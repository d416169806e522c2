#include "posittune/records/comparison_json.h"
#include "posittune/records/json_fields.h"
#include "posittune/records/verification.h"

namespace posittune::records {

template <>
struct FieldsOf<OutputDifference> {
  static constexpr std::tuple kList{Field{"output", &OutputDifference::output},
                                    Field{"largest", &OutputDifference::largest},
                                    Field{"relative", &OutputDifference::relative}};
};

std::string json_text(const Verification& verification) {
  nlohmann::ordered_json document =
      nlohmann::ordered_json::parse(json_text(verification.comparison));
  document["exported"] = verification.exported;
  document["runtime"] = verification.runtime;
  document["units"] = verification.units;
  document["differences"] = json_value(verification.differences);
  document["seconds"] = json_value(verification.seconds);
  document["exported_seconds"] = json_value(verification.exported_seconds);
  return document_text(document);
}

}  // namespace posittune::records
