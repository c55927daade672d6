#include "api/sagemaker/memory_list.h"

#include <charconv>

#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kTokenPrefix = "offset:";

bool inside(const store::Document& document, const store::DocumentQuery& query) {
  if (query.created_after && document.created < *query.created_after) return false;
  if (query.created_before && document.created > *query.created_before) return false;
  for (const auto& [path, wanted] : query.body_equals) {
    // Relations were already followed by the caller; they are no members of these bodies.
    const json::value* value = at_path(document.body, path);
    if (value != nullptr && value->is_string() && value->get_string() != wanted) return false;
  }
  return true;
}

}  // namespace

void for_each_document(store::Documents& documents, store::DocumentQuery query,
                       const std::function<void(const store::Document&)>& visit) {
  do {
    store::DocumentPage page = documents.list(query);
    for (const store::Document& document : page.documents) visit(document);
    query.after = page.next;
  } while (!query.after.empty());
}

std::size_t offset_of(const json::object& input) {
  const std::string token = string_or(input, "NextToken");
  if (token.empty()) return 0;
  const std::optional<std::string> text = unbase64(token);
  std::size_t offset = 0;
  if (text && text->starts_with(kTokenPrefix)) {
    const char* begin = text->data() + kTokenPrefix.size();
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(begin, end, offset);
    if (parsed.ec == std::errc() && parsed.ptr == end) return offset;
  }
  fail_validation("The NextToken given is not valid.");
}

std::string token_at(std::size_t offset) {
  return base64(std::string(kTokenPrefix) + std::to_string(offset));
}

json::object list_in_memory(const Kind& kind, std::vector<store::Document> documents,
                            const json::object& input, const Call& call) {
  const store::DocumentQuery query = query_of(kind, input, call);
  std::erase_if(documents, [&](const store::Document& d) { return !inside(d, query); });
  const bool by_name = query.sort == store::DocumentQuery::Sort::kName;
  std::ranges::sort(documents, [&](const store::Document& a, const store::Document& b) {
    const bool less = by_name ? a.key.name < b.key.name
                              : std::tie(a.created, a.key.name) < std::tie(b.created, b.key.name);
    const bool more = by_name ? b.key.name < a.key.name
                              : std::tie(b.created, b.key.name) < std::tie(a.created, a.key.name);
    return query.descending ? more : less;
  });
  const std::size_t begin = std::min(offset_of(input), documents.size());
  const std::size_t end = std::min(begin + query.limit, documents.size());
  const wire::Member& member = page_member(call.operation);
  json::array summaries;
  for (std::size_t i = begin; i < end; ++i) {
    summaries.emplace_back(summary_of(kind, documents[i], *member.shape->element.shape));
  }
  json::object output;
  output[member.name] = std::move(summaries);
  if (end < documents.size()) output["NextToken"] = token_at(end);
  return output;
}

}  // namespace clary::api::sagemaker
