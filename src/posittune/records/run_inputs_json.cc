#include "posittune/records/json_fields.h"
#include "posittune/records/run_inputs.h"

namespace posittune::records {

template <>
struct FieldsOf<RunInputs> {
  static constexpr std::tuple kList{
      Field{"model", &RunInputs::model},         Field{"include", &RunInputs::include},
      Field{"exclude", &RunInputs::exclude},     Field{"attention", &RunInputs::attention},
      Field{"constants", &RunInputs::constants}, Field{"batch_axes", &RunInputs::batch_axes},
      Field{"data", &RunInputs::data},           Field{"calibrate", &RunInputs::calibrate},
      Field{"search", &RunInputs::search},       Field{"report", &RunInputs::report},
      Field{"tokenizer", &RunInputs::tokenizer}, Field{"annotations", &RunInputs::annotations},
      Field{"labels", &RunInputs::labels},       Field{"sequence", &RunInputs::sequence},
      Field{"limit", &RunInputs::limit},         Field{"task", &RunInputs::task},
      Field{"output", &RunInputs::output},       Field{"scores", &RunInputs::scores},
      Field{"tokens", &RunInputs::tokens},       Field{"class_axis", &RunInputs::class_axis},
      Field{"blank", &RunInputs::blank},         Field{"batch", &RunInputs::batch},
  };
};

std::string json_text(const RunInputs& inputs) { return document_text(json_value(inputs)); }

Result<RunInputs> run_inputs_from(const std::string& text) {
  if (!is_json(text)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "the inputs of a run are not JSON",
                 .found = text.substr(0, 40)};
  }
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  return guarded([&] { return read<RunInputs>(Place(document, "")); });
}

}  // namespace posittune::records
