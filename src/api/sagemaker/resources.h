// The generic engine: Create, Describe, Update, Delete and List of any kind, from its declaration
// (kind.h) and the service model. Nothing here knows a single kind.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/sagemaker/kind.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// Throws the ApiError of `form` for a resource.
[[noreturn]] void fail(const ErrorForm& form, std::string_view name, std::string_view arn);
[[noreturn]] void fail_validation(const std::string& message);

std::string arn_of(const Kind& kind, std::string_view name, std::string_view account,
                   std::string_view region);
// The value at a dotted path of object members; nullptr when any is absent.
const json::value* at_path(const json::object& object, std::string_view path);
// Tags of a Create request. Throws ValidationException on a key given twice.
std::map<std::string, std::string> tags_of(const json::object& input);

// CreatedBy's form of whoever calls.
json::object user_context(const identity::Principal& principal);

// What Describe answers: the body, with the row's times where `shape` has them.
json::object shown(const store::Document& document, const wire::Shape& shape);
// The document as one entry of a List, by the members of the summary's shape.
json::object summary_of(const Kind& kind, const store::Document& document,
                        const wire::Shape& summary, json::storage_ptr storage = {});
// Memory for one answer, freed as a whole.
json::storage_ptr arena();
// What a List request asks for, without its account and region's further narrowing.
store::DocumentQuery query_of(const Kind& kind, const json::object& input, const Call& call);
// The one member of a List answer that holds the page.
const wire::Member& page_member(const wire::Operation& list);
// Applies an Update request to a body: members replace, maps named in kind.merged_maps merge,
// XxxToRemove takes keys or entries away, XxxToAdd appends.
void apply_update(const Kind& kind, const json::object& input, json::object& body);

// threads: any. blocks: on the store. errors: wire::ApiError, StorageError.
class Resources {
 public:
  explicit Resources(store::Documents& documents) : documents_(documents) {}

  // Changes a document before it is stored.
  using Edit = std::function<void(store::Document&)>;
  using Narrow = std::function<void(store::DocumentQuery&)>;

  // `prepare` may fill defaults, set the status, or throw. A repeated request with the same
  // idempotency token answers as the first.
  json::object create(const Kind& kind, const json::object& input, const Call& call,
                      const Edit& prepare = {});
  // The same for kinds whose name is not in the request.
  json::object create_named(const Kind& kind, const std::string& name, const json::object& input,
                            const Call& call, const Edit& prepare = {});
  json::object describe(const Kind& kind, const json::object& input, const Call& call);
  json::object update(const Kind& kind, const json::object& input, const Call& call,
                      const Edit& finish = {});
  json::object remove(const Kind& kind, const json::object& input, const Call& call);
  json::object list(const Kind& kind, const json::object& input, const Call& call,
                    const Narrow& narrow = {});

  // By name or ARN, in the caller's account and region. Throws the kind's not-found error.
  using Found = std::shared_ptr<const store::Document>;
  Found find(const Kind& kind, std::string_view name_or_arn, const Call& call);
  // The resource that a Describe, Update or Delete request names.
  Found find_named(const Kind& kind, const json::object& input, const Call& call);
  // Copies of the same.
  store::Document require(const Kind& kind, std::string_view name_or_arn, const Call& call) {
    return *find(kind, name_or_arn, call);
  }
  store::Document require_named(const Kind& kind, const json::object& input, const Call& call) {
    return *find_named(kind, input, call);
  }
  static store::DocumentKey key_of(const Kind& kind, std::string_view name, const Call& call);

  store::Documents& documents() { return documents_; }

 private:
  store::Documents& documents_;
};

}  // namespace clary::api::sagemaker
