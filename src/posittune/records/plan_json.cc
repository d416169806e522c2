#include "posittune/records/json_fields.h"
#include "posittune/records/plan.h"

namespace posittune::records {

std::string json_text(const ComparePlan& plan) {
  return document_text({{"model", plan.model},
                        {"layers", plan.layers},
                        {"quantized", plan.quantized},
                        {"task", plan.task},
                        {"items", plan.items},
                        {"trials", plan.trials},
                        {"seconds_per_item", plan.seconds_per_item},
                        {"estimated_seconds", plan.seconds}});
}

std::string json_text(const SensitivityPlan& plan) {
  return document_text({{"model", plan.model},
                        {"task", plan.task},
                        {"sites", plan.sites},
                        {"formats", plan.formats},
                        {"segments", plan.segments},
                        {"tier", plan.tier},
                        {"evaluations", plan.evaluations},
                        {"estimated_seconds", plan.seconds}});
}

std::string json_text(const SearchPlan& plan) {
  return document_text({{"model", plan.model},
                        {"task", plan.task},
                        {"weights", plan.weights},
                        {"choices", plan.choices},
                        {"recipes", plan.recipes},
                        {"gain_items", plan.gain_items},
                        {"estimated_seconds", plan.seconds}});
}

}  // namespace posittune::records
