#include "posittune/session/session.h"

#include <utility>

#include "posittune/session/session_state.h"

namespace posittune::session {
namespace {

template <class Options, class Job>
auto after_check(const Options& options, Job job) -> decltype(job(*check(options))) {
  auto checked = check(options);
  if (!checked) return checked.error();
  return job(*checked);
}

// Runs `job`, which stops where the observer says so, also between its steps.
template <class Job>
auto watched(Observer& observer, Job job) {
  const InterruptSource source([&observer] { return observer.cancelled(); });
  return job();
}

}  // namespace

Result<Session> Session::open(const ModelSpec& model, const DataSpec& data, const Options& options,
                              Observer& observer) {
  auto state =
      watched(observer, [&] { return SessionState::open(model, data, options, observer); });
  if (!state) return state.error();
  return Session(std::move(*state));
}

Result<Session> Session::open(const ModelSpec& model, const Options& options, Observer& observer) {
  auto state = watched(observer, [&] { return SessionState::open(model, options, observer); });
  if (!state) return state.error();
  return Session(std::move(*state));
}

Session::Session(std::unique_ptr<SessionState> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<CompareResult> Session::compare(const CheckedCompare& checked) {
  return watched(state_->observer(), [&] { return state_->compare(checked); });
}
Result<SensitivityResult> Session::sensitivity(const CheckedSensitivity& checked) {
  return watched(state_->observer(), [&] { return state_->sensitivity(checked); });
}
Result<SearchResult> Session::search(const CheckedSearch& checked) {
  return watched(state_->observer(), [&] { return state_->search(checked); });
}
Result<records::CostResult> Session::cost(const CostOptions& options) {
  return watched(state_->observer(), [&] { return state_->cost(options); });
}
Result<QuantizedModel> Session::quantized(const QuantizedOptions& options) {
  return watched(state_->observer(), [&] { return state_->quantized(options); });
}
Result<ExportResult> Session::export_to(const ExportOptions& options) {
  return watched(state_->observer(), [&] { return state_->export_to(options); });
}
Result<records::Verification> Session::verify(const VerifyOptions& options) {
  return watched(state_->observer(), [&] { return state_->verify(options); });
}
Result<records::Inspection> Session::inspect(const InspectOptions& options) {
  return watched(state_->observer(), [&] { return state_->inspect(options); });
}
Result<ComparePlan> Session::estimate(const CheckedCompare& checked) {
  return watched(state_->observer(), [&] { return state_->estimate(checked); });
}
Result<SensitivityPlan> Session::estimate(const CheckedSensitivity& checked) {
  return watched(state_->observer(), [&] { return state_->estimate(checked); });
}
Result<SearchPlan> Session::estimate(const CheckedSearch& checked) {
  return watched(state_->observer(), [&] { return state_->estimate(checked); });
}

Result<CompareResult> Session::compare(const CompareOptions& options) {
  return after_check(options, [this](const auto& checked) { return compare(checked); });
}
Result<SensitivityResult> Session::sensitivity(const SensitivityOptions& options) {
  return after_check(options, [this](const auto& checked) { return sensitivity(checked); });
}
Result<SearchResult> Session::search(const SearchOptions& options) {
  return after_check(options, [this](const auto& checked) { return search(checked); });
}
Result<ComparePlan> Session::estimate(const CompareOptions& options) {
  return after_check(options, [this](const auto& checked) { return estimate(checked); });
}
Result<SensitivityPlan> Session::estimate(const SensitivityOptions& options) {
  return after_check(options, [this](const auto& checked) { return estimate(checked); });
}
Result<SearchPlan> Session::estimate(const SearchOptions& options) {
  return after_check(options, [this](const auto& checked) { return estimate(checked); });
}

}  // namespace posittune::session
