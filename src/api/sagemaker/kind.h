// What a SageMaker resource kind is, as data: its names, ARN, operations, wording. The generic
// engine (resources.h) does Create, Describe, Update, Delete and List from this and the service
// model; only kinds that act have code of their own.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clary::api::sagemaker {

// An error's code and sentence; {name} and {arn} stand for the resource's.
struct ErrorForm {
  std::string_view code, text;
};

// A member of the List request that must equal a member of the document ("Source.SourceUri").
struct EqualsFilter {
  std::string_view input_member, body_path;
};

// A summary member whose value stands under another name in the document.
struct SummaryMember {
  std::string_view summary, body_path;
};

struct KindOperations {
  std::string_view create, describe, update, remove, list;  // "" where SageMaker has none
};

// How List sorts when the request does not say; from the API reference of each operation.
struct ListDefaults {
  enum class Sort { kCreated, kName } sort = Sort::kCreated;
  bool descending = true;
  int page_size = 10;
};

struct Kind {
  std::string_view kind;         // document kind, and the ARN's resource type
  std::string_view name_member;  // "TrialName"; "" when only the ARN names it (artifacts)
  std::string_view arn_member;   // "TrialArn"
  KindOperations operations;
  ErrorForm not_found, exists;
  std::string_view status_member = "", initial_status = "";
  // The oldest kinds' ARNs carry the name in lower case, younger ones as it was given.
  enum class ArnName { kLower, kAsGiven } arn_name = ArnName::kLower;
  ListDefaults list = {};
  std::vector<EqualsFilter> filters = {};
  std::vector<SummaryMember> summary = {};
  // Maps that Update adds to instead of replacing.
  std::vector<std::string_view> merged_maps = {};
  // What Search calls it, and the member of SearchRecord that holds it; "" when not searchable.
  std::string_view search_resource = "", search_record = "";
};

// Every kind, passive and active, in one table; a test walks it against the service model.
std::span<const Kind> all_kinds();
// Throws std::out_of_range: asking for an undeclared kind is a mistake of ours.
const Kind& kind_named(std::string_view kind);

// The table's parts, one file per family.
std::vector<Kind> experiment_kinds();
std::vector<Kind> lineage_kinds();
std::vector<Kind> registry_kinds();
std::vector<Kind> studio_kinds();
std::vector<Kind> monitoring_kinds();
std::vector<Kind> workload_kinds();

}  // namespace clary::api::sagemaker
