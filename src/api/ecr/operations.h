// The operations of ECR, one file per family, and what they share.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "identity/credentials.h"
#include "registry/store.h"

namespace clary::api::ecr {

struct Stores {
  registry::Store& registry;
  identity::Credentials& credentials;  // sessions of tokens
};

using Operation = json::object(const Stores& stores, const json::object& input, Call& call);

// token.cc
Operation get_authorization_token, describe_registry;
// repositories.cc
Operation create_repository, describe_repositories, delete_repository, put_image_tag_mutability,
    set_repository_policy, get_repository_policy, delete_repository_policy, tag_resource,
    untag_resource, list_tags_for_resource;
// images.cc
Operation list_images, describe_images, batch_get_image, batch_delete_image, put_image;
// layers.cc
Operation batch_check_layer_availability, get_download_url_for_layer, initiate_layer_upload,
    upload_layer_part, complete_layer_upload;

// shared.cc
registry::RepositoryName name_in(const json::object& input, const Call& call);
registry::Repository existing(const Stores& stores, const json::object& input, const Call& call);
[[noreturn]] void throw_no_repository(const registry::RepositoryName& name);
// Where `docker push` reaches a repository: at the address that this request came to.
std::string host_of(const RequestHead& request, const registry::RepositoryName& name);
// A page of `all` from the input's nextToken on, and the output's nextToken when there is more.
json::array page_of(json::array all, const json::object& input, json::object& output);

}  // namespace clary::api::ecr
