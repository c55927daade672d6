#include "api/sagemaker/resources.h"

#include "base/arn.h"
#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kTokenMember = "idempotency_token";

const wire::Shape& describe_shape(const Kind& kind, const Call& call) {
  return *call.model.find_operation(kind.operations.describe)->output;
}

// The request's idempotency token, whatever the operation calls it; "" when it has none.
std::string token_of(const wire::Operation& operation, const json::object& input) {
  if (operation.input == nullptr) return {};
  for (const wire::Member& member : operation.input->members) {
    const bool is_token = member.idempotency_token || member.name == "ClientRequestToken" ||
                          member.name == "ClientToken";
    if (is_token) return string_or(input, member.name);
  }
  return {};
}

std::string name_in(const Kind& kind, const json::object& input) {
  std::string name;
  if (!kind.name_member.empty()) name = string_or(input, kind.name_member);
  return name.empty() ? string_or(input, kind.arn_member) : name;
}

json::object arn_answer(const Kind& kind, const wire::Operation& operation,
                        const std::string& arn) {
  json::object output;
  if (operation.output != nullptr && operation.output->find_member(kind.arn_member) != nullptr) {
    output[kind.arn_member] = arn;
  }
  return output;
}

}  // namespace

store::DocumentKey Resources::key_of(const Kind& kind, std::string_view name, const Call& call) {
  return {std::string(kind.kind), std::string(call.account), std::string(call.region),
          std::string(name)};
}

json::object Resources::create(const Kind& kind, const json::object& input, const Call& call,
                               const Edit& prepare) {
  return create_named(kind, string_or(input, kind.name_member), input, call, prepare);
}

json::object Resources::create_named(const Kind& kind, const std::string& name,
                                     const json::object& input, const Call& call,
                                     const Edit& prepare) {
  store::Document document;
  document.key = key_of(kind, name, call);
  document.arn = arn_of(kind, name, call.account, call.region);
  document.body = input;
  for (auto member : {"Tags", "ClientRequestToken", "ClientToken"}) document.body.erase(member);
  if (!kind.name_member.empty()) document.body[kind.name_member] = name;
  document.body[kind.arn_member] = document.arn;
  if (!kind.initial_status.empty()) document.body[kind.status_member] = kind.initial_status;
  const wire::Shape& shape = describe_shape(kind, call);
  for (auto member : {"CreatedBy", "LastModifiedBy"}) {
    if (shape.find_member(member) != nullptr) {
      document.body[member] = user_context(call.principal);
    }
  }
  const std::string token = token_of(call.operation, input);
  if (!token.empty()) document.internal[kTokenMember] = token;
  if (prepare) prepare(document);
  if (!kind.status_member.empty()) {
    document.status = string_or(document.body, kind.status_member);
  }
  if (!documents_.create(document, tags_of(input))) {
    std::optional<store::Document> existing = documents_.find_by_arn(document.arn);
    const bool repeated =
        !token.empty() && existing && string_or(existing->internal, kTokenMember) == token;
    if (!repeated) fail(kind.exists, name, document.arn);
  }
  return arn_answer(kind, call.operation, document.arn);
}

json::object Resources::describe(const Kind& kind, const json::object& input, const Call& call) {
  return shown(*find_named(kind, input, call), *call.operation.output);
}

json::object Resources::update(const Kind& kind, const json::object& input, const Call& call,
                               const Edit& finish) {
  const store::Document found = require_named(kind, input, call);
  const bool signs = describe_shape(kind, call).find_member("LastModifiedBy") != nullptr;
  auto change = [&](store::Document& document) {
    apply_update(kind, input, document.body);
    if (signs) document.body["LastModifiedBy"] = user_context(call.principal);
    if (finish) finish(document);
    if (!kind.status_member.empty()) {
      document.status = string_or(document.body, kind.status_member);
    }
    return true;
  };
  if (!documents_.update(found.key, change)) fail(kind.not_found, found.key.name, found.arn);
  return arn_answer(kind, call.operation, found.arn);
}

json::object Resources::remove(const Kind& kind, const json::object& input, const Call& call) {
  const store::Document found = require_named(kind, input, call);
  if (!documents_.remove(found.key)) fail(kind.not_found, found.key.name, found.arn);
  return arn_answer(kind, call.operation, found.arn);
}

json::object Resources::list(const Kind& kind, const json::object& input, const Call& call,
                             const Narrow& narrow) {
  store::DocumentQuery query = query_of(kind, input, call);
  if (narrow) narrow(query);
  store::SharedDocumentPage page;
  try {
    page = documents_.list_shared(query);
  } catch (const store::BadPageToken&) {
    fail_validation("The NextToken given is not valid.");
  }
  const wire::Member& member = page_member(call.operation);
  const json::storage_ptr storage = arena();
  json::array summaries(storage);
  summaries.reserve(page.documents.size());
  for (const auto& document : page.documents) {
    summaries.emplace_back(summary_of(kind, *document, *member.shape->element.shape, storage));
  }
  json::object output(storage);
  output[member.name] = std::move(summaries);
  if (!page.next.empty()) output["NextToken"] = page.next;
  return output;
}

Resources::Found Resources::find(const Kind& kind, std::string_view name_or_arn, const Call& call) {
  Found found;
  std::string arn(name_or_arn);
  if (name_or_arn.starts_with("arn:")) {
    if (auto by_arn = documents_.find_by_arn(name_or_arn)) {
      found = std::make_shared<const store::Document>(std::move(*by_arn));
    }
  } else {
    arn = arn_of(kind, name_or_arn, call.account, call.region);
    found = documents_.find_shared(key_of(kind, name_or_arn, call));
  }
  const bool ours = found && found->key.kind == kind.kind && found->key.account == call.account &&
                    found->key.region == call.region;
  if (!ours) fail(kind.not_found, name_or_arn, arn);
  return found;
}

Resources::Found Resources::find_named(const Kind& kind, const json::object& input,
                                       const Call& call) {
  return find(kind, name_in(kind, input), call);
}

}  // namespace clary::api::sagemaker
