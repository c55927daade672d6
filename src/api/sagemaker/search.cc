#include "api/sagemaker/search.h"

#include "api/sagemaker/memory_list.h"
#include "api/sagemaker/search_expression.h"
#include "api/sagemaker/tagging.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kDefaultPage = 10;  // the API reference's
constexpr std::size_t kScan = 1000;

const Kind& kind_for(const std::string& resource) {
  for (const Kind& kind : all_kinds()) {
    if (kind.search_resource == resource) return kind;
  }
  fail_validation("Search over " + resource + " is not available on this server.");
}

struct Match {
  json::object record;
  std::string sort_text;
  double sort_number = 0;
  std::size_t order = 0;  // the store's: last changed first
};

void put_sort_key(const std::string& by, Match& match) {
  const json::value* value = at_path(match.record, by);
  if (value == nullptr) return;
  if (value->is_number()) match.sort_number = value->to_number<double>();
  if (value->is_string()) match.sort_text = value->get_string();
}

}  // namespace

json::object Search::record_of(const Kind& kind, const store::Document& document,
                               const wire::Shape& shape, const Call& call) {
  json::object record = shown(document, shape);
  const json::array tags = tag_list(resources_.documents().tags(document.arn));
  if (!tags.empty()) record["Tags"] = tags;
  if (kind.kind == "experiment-trial-component") {
    record["Parents"] = experiments_.parents_of(document, call);
  }
  return record;
}

json::object Search::search(const json::object& input, Call& call) {
  const Kind& kind = kind_for(string_or(input, "Resource"));
  const wire::Shape* holder = call.model.find_shape("SearchRecord");
  const wire::Shape* shape = holder->find_member(kind.search_record)->shape;
  // A model stands one level deeper, beside what the model dashboard knows of it.
  const bool is_model = kind.search_record == "Model";
  if (is_model) shape = shape->find_member("Model")->shape;

  const json::object* expression = find_object(input, "SearchExpression");
  const std::string by = string_or(input, "SortBy", "LastModifiedTime");
  store::DocumentQuery query;
  query.kind = kind.kind;
  query.account = call.account;
  query.region = call.region;
  query.limit = kScan;
  query.sort = store::DocumentQuery::Sort::kModified;
  std::vector<Match> found;
  for_each_document(resources_.documents(), query, [&](const store::Document& document) {
    Match match{record_of(kind, document, *shape, call), {}, 0, found.size()};
    if (expression != nullptr && !matches(*expression, match.record)) return;
    put_sort_key(by, match);
    found.push_back(std::move(match));
  });
  const bool ascending = string_or(input, "SortOrder", "Descending") == "Ascending";
  std::ranges::sort(found, [&](const Match& a, const Match& b) {
    const auto left = std::tie(a.sort_number, a.sort_text);
    const auto right = std::tie(b.sort_number, b.sort_text);
    if (left == right) return a.order < b.order;
    return ascending ? left < right : right < left;
  });
  const auto limit = static_cast<std::size_t>(find_int(input, "MaxResults").value_or(kDefaultPage));
  const std::size_t begin = std::min(offset_of(input), found.size());
  const std::size_t end = std::min(begin + limit, found.size());
  json::array results;
  for (std::size_t i = begin; i < end; ++i) {
    json::object entry;
    if (is_model) {
      entry["Model"] = {{"Model", std::move(found[i].record)}};
    } else {
      entry[kind.search_record] = std::move(found[i].record);
    }
    results.emplace_back(std::move(entry));
  }
  json::object output = {{"Results", std::move(results)}};
  if (call.operation.output->find_member("TotalHits") != nullptr) {
    output["TotalHits"] = {{"Value", found.size()}, {"Relation", "EqualTo"}};
  }
  if (end < found.size()) output["NextToken"] = token_at(end);
  return output;
}

}  // namespace clary::api::sagemaker
