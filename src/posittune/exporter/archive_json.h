#pragma once

// What an archive says of a weight in JSON, beside its tensors.

#include <string>

#include "posittune/base/result.h"
#include "posittune/exporter/portable_model.h"

namespace posittune::exporter {

// All of the weight but its numbers: {"rows": 768, "cols": 768, "group": 0, "compensated": false,
// "shape": [768, 768], "layout": {"rows": [[768, 1]], "cols": [[768, 768]]}, "readers": ["..."],
// "groups": [{"bits": 6, "formats": ["posit<6,1>"]}]}. kInput for names that are no UTF-8.
Result<std::string> weight_json(const PortableWeight& weight);

// The weight again, groups without numbers. kInput where it is no such document, or shape, layout,
// rows and columns do not go together. Formats are those of formats::name().
Result<PortableWeight> weight_from_json(const std::string& text, const std::string& where);

// {"operands": 1}
std::string input_json(const PortableInput& input);
Result<PortableInput> input_from_json(const std::string& text, const std::string& where);

}  // namespace posittune::exporter
