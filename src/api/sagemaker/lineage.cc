#include "api/sagemaker/lineage.h"

#include "api/sagemaker/memory_list.h"
#include "base/arn.h"
#include "wire/sigv4.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kAssociation = "association";
constexpr std::size_t kIdCharacters = 32;

std::string artifact_id(const json::value& source, const Call& call) {
  const std::string text =
      std::string(call.account) + "\n" + std::string(call.region) + "\n" + json::serialize(source);
  return wire::sha256_hex(text).substr(0, kIdCharacters);
}

store::DocumentKey association_key(std::string_view source, std::string_view destination,
                                   const Call& call) {
  return {std::string(kAssociation), std::string(call.account), std::string(call.region),
          std::string(source) + " " + std::string(destination)};
}

// What AssociationSummary calls an entity's type.
std::string type_of(const store::Document& entity) {
  for (auto member : {"ArtifactType", "ActionType", "ContextType"}) {
    if (auto type = find_string(entity.body, member)) return std::string(*type);
  }
  const json::value* source = at_path(entity.body, "Source.SourceType");
  if (source != nullptr && source->is_string()) return std::string(source->get_string());
  return entity.key.kind;
}

std::string name_of(const store::Document& entity) {
  if (entity.key.kind != "artifact") return entity.key.name;
  return string_or(entity.body, "ArtifactName");
}

}  // namespace

json::object Lineage::create_artifact(const json::object& input, Call& call) {
  return resources_.create_named(kind_named("artifact"), artifact_id(input.at("Source"), call),
                                 input, call);
}

json::object Lineage::delete_artifact(const json::object& input, Call& call) {
  const Kind& kind = kind_named("artifact");
  if (input.contains("ArtifactArn")) return resources_.remove(kind, input, call);
  const json::value* source = input.if_contains("Source");
  if (source == nullptr) fail_validation("Either ArtifactArn or Source must be given.");
  const std::string arn = arn_of(kind, artifact_id(*source, call), call.account, call.region);
  return resources_.remove(kind, {{"ArtifactArn", arn}}, call);
}

store::Document Lineage::entity(std::string_view arn, const Call& call) {
  std::optional<store::Document> found = resources_.documents().find_by_arn(arn);
  if (!found || found->key.account != call.account) {
    throw wire::ApiError("ResourceNotFound",
                         "Lineage entity '" + std::string(arn) + "' does not exist.");
  }
  return std::move(*found);
}

json::object Lineage::add_association(const json::object& input, Call& call) {
  const store::Document source = entity(string_or(input, "SourceArn"), call);
  const store::Document destination = entity(string_or(input, "DestinationArn"), call);
  if (source.arn == destination.arn) {
    fail_validation("SourceArn and DestinationArn must name two different entities.");
  }
  store::Document document;
  document.key = association_key(source.arn, destination.arn, call);
  document.arn = make_arn({.service = "sagemaker",
                           .region = document.key.region,
                           .account = document.key.account,
                           .resource = "association/" + document.key.name})
                     .str();
  document.body = {{"SourceArn", source.arn},
                   {"DestinationArn", destination.arn},
                   {"SourceType", type_of(source)},
                   {"DestinationType", type_of(destination)},
                   {"SourceName", name_of(source)},
                   {"DestinationName", name_of(destination)},
                   {"CreatedBy", user_context(call.principal)}};
  if (auto type = find_string(input, "AssociationType")) document.body["AssociationType"] = *type;
  if (!resources_.documents().create(document)) {
    fail_validation("An association between " + source.arn + " and " + destination.arn +
                    " already exists.");
  }
  return {{"SourceArn", source.arn}, {"DestinationArn", destination.arn}};
}

json::object Lineage::delete_association(const json::object& input, Call& call) {
  const std::string source = string_or(input, "SourceArn");
  const std::string destination = string_or(input, "DestinationArn");
  if (!resources_.documents().remove(association_key(source, destination, call))) {
    throw wire::ApiError("ResourceNotFound",
                         "There is no association between " + source + " and " + destination + ".");
  }
  return {{"SourceArn", source}, {"DestinationArn", destination}};
}

json::object Lineage::list_associations(const json::object& input, Call& call) {
  static const Kind kind = {.kind = kAssociation,
                            .name_member = "",
                            .arn_member = "",
                            .operations = {},
                            .not_found = {},
                            .exists = {},
                            .filters = {{"SourceArn", "SourceArn"},
                                        {"DestinationArn", "DestinationArn"},
                                        {"SourceType", "SourceType"},
                                        {"DestinationType", "DestinationType"},
                                        {"AssociationType", "AssociationType"}}};
  const std::string sort = string_or(input, "SortBy", "CreationTime");
  if (sort == "CreationTime") return resources_.list(kind, input, call);
  store::DocumentQuery query = query_of(kind, input, call);
  query.limit = 1000;
  query.after.clear();
  std::vector<store::Document> documents;
  for_each_document(resources_.documents(), query, [&](const store::Document& document) {
    documents.push_back(document);
    documents.back().key.name = string_or(document.body, sort);
  });
  json::object by_name = input;
  by_name["SortBy"] = "Name";
  return list_in_memory(kind, std::move(documents), by_name, call);
}

}  // namespace clary::api::sagemaker
