#include "api/iam/operations.h"

namespace clary::api::iam {

json::object tag_entity(Entity entity, const IamStores& stores, const json::object& input,
                        Call& call) {
  const auto tags = tags_in(input);
  change_holder_or_throw(entity, stores, input, call, [&](identity::PolicyHolder& holder) {
    for (const auto& [key, value] : tags) holder.tags[key] = value;
    check_tag_count(entity == Entity::kUser ? "User" : "Role", holder.tags);
  });
  return {};
}

json::object untag_entity(Entity entity, const IamStores& stores, const json::object& input,
                          Call& call) {
  change_holder_or_throw(entity, stores, input, call, [&](identity::PolicyHolder& holder) {
    for (const json::value& key : *find_array(input, "TagKeys")) {
      holder.tags.erase(std::string(key.as_string()));
    }
  });
  return {};
}

json::object list_entity_tags(Entity entity, const IamStores& stores, const json::object& input,
                              Call& call) {
  json::object output;
  page_of_tags(output, input, holder_or_throw(entity, stores, input, call).tags);
  return output;
}

}  // namespace clary::api::iam
