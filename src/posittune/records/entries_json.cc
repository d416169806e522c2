#include "posittune/records/comparison_json.h"
#include "posittune/records/details_fields.h"
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

template <>
struct FieldsOf<ItemsEntry> {
  static constexpr std::tuple kList{Field{"sums", &ItemsEntry::sums},
                                    Field{"counts", &ItemsEntry::counts}};
};

template <class Entry>
std::string entry_text(const Entry& entry) {
  if constexpr (HasFields<Entry>) {
    return line_text(json_value(entry));
  } else {
    return line_text(to_json(entry));
  }
}

template <class Entry>
Result<Entry> entry_from(const std::string& text) {
  const auto value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if constexpr (HasFields<Entry>) {
    return guarded([&value] { return read<Entry>(Place(value, "")); });
  } else {
    return row_from_json(value);
  }
}

template std::string entry_text(const ProbeEntry&);
template std::string entry_text(const SiteErrorEntry&);
template std::string entry_text(const CalibrationEntry&);
template std::string entry_text(const Fp32Entry&);
template std::string entry_text(const ReportEntry&);
template std::string entry_text(const ItemsEntry&);
template std::string entry_text(const CloseLook&);
template std::string entry_text(const ComparisonRow&);
template std::string entry_text(const SearchRow&);
template Result<ProbeEntry> entry_from(const std::string&);
template Result<SiteErrorEntry> entry_from(const std::string&);
template Result<CalibrationEntry> entry_from(const std::string&);
template Result<Fp32Entry> entry_from(const std::string&);
template Result<ReportEntry> entry_from(const std::string&);
template Result<ItemsEntry> entry_from(const std::string&);
template Result<CloseLook> entry_from(const std::string&);
template Result<ComparisonRow> entry_from(const std::string&);
template Result<SearchRow> entry_from(const std::string&);

}  // namespace posittune::records
