#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::OidcProvider;

constexpr std::size_t kMaxProviders = 100, kMaxClients = 100;

OidcProvider provider_or_throw(const IamStores& stores, const json::object& input,
                               const Call& call) {
  const std::string arn = required(input, "OpenIDConnectProviderArn");
  auto provider = stores.providers.find_by_arn(call.account, arn);
  if (!provider) {
    throw wire::ApiError("NoSuchEntity", "OpenIDConnect Provider not found for arn " + arn);
  }
  return *std::move(provider);
}

void change_or_throw(const IamStores& stores, const json::object& input, const Call& call,
                     const std::function<void(OidcProvider&)>& change) {
  const OidcProvider provider = provider_or_throw(stores, input, call);
  stores.providers.update(call.account, provider.issuer, change);
}

std::vector<std::string> list_in(const json::object& input, std::string_view name) {
  std::vector<std::string> list;
  if (const json::array* const given = find_array(input, name)) {
    for (const json::value& value : *given) list.emplace_back(value.as_string());
  }
  return list;
}

}  // namespace

json::object create_oidc_provider(const IamStores& stores, const json::object& input, Call& call) {
  constexpr std::string_view kScheme = "https://";
  const std::string url = required(input, "Url");
  OidcProvider provider;
  provider.account = call.account;
  provider.issuer = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  if (provider.issuer.ends_with('/')) provider.issuer.pop_back();
  if (provider.issuer.empty() || provider.issuer.find_first_of("?#@ \"") != std::string::npos) {
    throw wire::ApiError("InvalidInput",
                         "Invalid Open ID Connect Provider URL: it begins with https:// and has "
                         "no user, query and fragment.");
  }
  provider.client_ids = list_in(input, "ClientIDList");
  provider.thumbprints = list_in(input, "ThumbprintList");
  provider.tags = tags_in(input);
  check_tag_count("OpenIDConnectProvider", provider.tags);
  if (provider.client_ids.size() > kMaxClients) {
    throw_over_quota("ClientIdsPerOpenIdConnectProvider", kMaxClients);
  }
  if (stores.providers.list(call.account).size() >= kMaxProviders) {
    throw_over_quota("OpenIdConnectProvidersPerAccount", kMaxProviders);
  }
  if (!stores.providers.create(provider)) {
    throw wire::ApiError("EntityAlreadyExists", "Provider with url " + url + " already exists.");
  }
  json::object output{{"OpenIDConnectProviderArn", provider.arn}};
  if (!provider.tags.empty()) output["Tags"] = tags_out(provider.tags);
  return output;
}

json::object get_oidc_provider(const IamStores& stores, const json::object& input, Call& call) {
  const OidcProvider provider = provider_or_throw(stores, input, call);
  const auto texts = [](const std::vector<std::string>& list) {
    return json::array(list.begin(), list.end());
  };
  json::object output{{"Url", provider.issuer},
                      {"ClientIDList", texts(provider.client_ids)},
                      {"ThumbprintList", texts(provider.thumbprints)},
                      {"CreateDate", epoch_seconds(provider.created)}};
  if (!provider.tags.empty()) output["Tags"] = tags_out(provider.tags);
  return output;
}

json::object list_oidc_providers(const IamStores& stores, const json::object&, Call& call) {
  json::array list;
  for (const OidcProvider& provider : stores.providers.list(call.account)) {
    list.push_back(json::object{{"Arn", provider.arn}});
  }
  return {{"OpenIDConnectProviderList", std::move(list)}};
}

json::object delete_oidc_provider(const IamStores& stores, const json::object& input, Call& call) {
  stores.providers.remove(call.account, provider_or_throw(stores, input, call).issuer);
  return {};
}

json::object add_oidc_client_id(const IamStores& stores, const json::object& input, Call& call) {
  const std::string id = required(input, "ClientID");
  change_or_throw(stores, input, call, [&](OidcProvider& provider) {
    auto& ids = provider.client_ids;
    if (std::ranges::find(ids, id) != ids.end()) return;
    if (ids.size() >= kMaxClients) {
      throw_over_quota("ClientIdsPerOpenIdConnectProvider", kMaxClients);
    }
    ids.push_back(id);
  });
  return {};
}

json::object remove_oidc_client_id(const IamStores& stores, const json::object& input, Call& call) {
  change_or_throw(stores, input, call, [&](OidcProvider& provider) {
    std::erase(provider.client_ids, required(input, "ClientID"));
  });
  return {};
}

json::object update_oidc_thumbprints(const IamStores& stores, const json::object& input,
                                     Call& call) {
  change_or_throw(stores, input, call, [&](OidcProvider& provider) {
    provider.thumbprints = list_in(input, "ThumbprintList");
  });
  return {};
}

json::object tag_oidc_provider(const IamStores& stores, const json::object& input, Call& call) {
  const auto tags = tags_in(input);
  change_or_throw(stores, input, call, [&](OidcProvider& provider) {
    for (const auto& [key, value] : tags) provider.tags[key] = value;
    check_tag_count("OpenIDConnectProvider", provider.tags);
  });
  return {};
}

json::object untag_oidc_provider(const IamStores& stores, const json::object& input, Call& call) {
  change_or_throw(stores, input, call, [&](OidcProvider& provider) {
    for (const std::string& key : list_in(input, "TagKeys")) provider.tags.erase(key);
  });
  return {};
}

json::object list_oidc_provider_tags(const IamStores& stores, const json::object& input,
                                     Call& call) {
  json::object output;
  page_of_tags(output, input, provider_or_throw(stores, input, call).tags);
  return output;
}

}  // namespace clary::api::iam
