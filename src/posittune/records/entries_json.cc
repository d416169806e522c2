#include "posittune/records/comparison_json.h"
#include "posittune/records/entries.h"
#include "posittune/records/json_fields.h"
#include "posittune/records/search_fields.h"

namespace posittune::records {

template <>
struct FieldsOf<ProbeEntry> {
  static constexpr std::tuple kList{
      Field{"sums", &ProbeEntry::sums}, Field{"counts", &ProbeEntry::counts},
      Field{"stopped", &ProbeEntry::stopped}, Field{"seconds", &ProbeEntry::seconds}};
};
template <>
struct FieldsOf<SiteErrorEntry> {
  static constexpr std::tuple kList{Field{"error", &SiteErrorEntry::error},
                                    Field{"signal", &SiteErrorEntry::signal},
                                    Field{"seconds", &SiteErrorEntry::seconds}};
};
template <>
struct FieldsOf<CalibrationEntry> {
  static constexpr std::tuple kList{Field{"seconds", &CalibrationEntry::seconds}};
};
template <>
struct FieldsOf<Fp32Entry> {
  static constexpr std::tuple kList{Field{"seconds", &Fp32Entry::seconds},
                                    Field{"cut_bytes", &Fp32Entry::cut_bytes}};
};
template <>
struct FieldsOf<ReportEntry> {
  static constexpr std::tuple kList{Field{"recipes", &ReportEntry::recipes}};
};

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

template <HasFields Entry>
ordered_json to_json(const Entry& entry) {
  return json_value(entry);
}

template <HasFields Entry>
Result<Entry> from_json(const json& value, Entry*) {
  return guarded([&value] { return read<Entry>(Place(value, "")); });
}
Result<ComparisonRow> from_json(const json& value, ComparisonRow*) { return row_from_json(value); }

}  // namespace

template <class Entry>
std::string entry_text(const Entry& entry) {
  return line_text(to_json(entry));
}

template <class Entry>
Result<Entry> entry_from(const std::string& text) {
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return from_json(value, static_cast<Entry*>(nullptr));
}

template std::string entry_text(const ProbeEntry&);
template std::string entry_text(const SiteErrorEntry&);
template std::string entry_text(const CalibrationEntry&);
template std::string entry_text(const Fp32Entry&);
template std::string entry_text(const ReportEntry&);
template std::string entry_text(const ComparisonRow&);
template std::string entry_text(const SearchRow&);
template Result<ProbeEntry> entry_from(const std::string&);
template Result<SiteErrorEntry> entry_from(const std::string&);
template Result<CalibrationEntry> entry_from(const std::string&);
template Result<Fp32Entry> entry_from(const std::string&);
template Result<ReportEntry> entry_from(const std::string&);
template Result<ComparisonRow> entry_from(const std::string&);
template Result<SearchRow> entry_from(const std::string&);

}  // namespace posittune::records
