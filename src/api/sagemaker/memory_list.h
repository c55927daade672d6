// Lists over documents that a relation picked, sorted and paged in memory: for the few List
// operations whose filter no index answers.
#pragma once

#include <functional>

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {

// Every document of a query, page after page.
void for_each_document(store::Documents& documents, store::DocumentQuery query,
                       const std::function<void(const store::Document&)>& visit);

// Sorts by the request's SortBy and SortOrder, drops what its times exclude, cuts the page.
json::object list_in_memory(const Kind& kind, std::vector<store::Document> documents,
                            const json::object& input, const Call& call);

// A page token that says how many entries went before; "" is 0. Throws ValidationException.
std::size_t offset_of(const json::object& input);
std::string token_at(std::size_t offset);

}  // namespace clary::api::sagemaker
