#include "identity/oidc_providers.h"

namespace clary::identity {
namespace {

constexpr std::size_t kAll = 1000;

json::object body_of(const OidcProvider& provider) {
  return {{"clients", array_of(provider.client_ids)},
          {"thumbprints", array_of(provider.thumbprints)},
          {"tags", object_of(provider.tags)},
          {"jwks", provider.jwks},
          {"fetched", provider.fetched.time_since_epoch().count()}};
}

OidcProvider provider_of(const EntityRow& row) {
  OidcProvider provider;
  provider.account = row.account;
  provider.issuer = row.name;
  provider.arn = row.arn;
  provider.created = row.created;
  provider.client_ids = list_of(find_array(row.body, "clients"));
  provider.thumbprints = list_of(find_array(row.body, "thumbprints"));
  provider.tags = map_of(find_object(row.body, "tags"));
  provider.jwks = string_or(row.body, "jwks");
  provider.fetched =
      Timestamp(std::chrono::milliseconds(find_int(row.body, "fetched").value_or(0)));
  return provider;
}

}  // namespace

bool OidcProviders::create(OidcProvider& provider) {
  provider.arn = "arn:aws:iam::" + provider.account + ":oidc-provider/" + provider.issuer;
  EntityRow row{.account = provider.account,
                .name = provider.issuer,
                .path = "/",
                .id = provider.arn,
                .arn = provider.arn,
                .created = {},
                .body = body_of(provider)};
  if (!table_.create(row)) return false;
  provider.created = row.created;
  return true;
}

std::optional<OidcProvider> OidcProviders::find_by_arn(std::string_view account,
                                                       std::string_view arn) {
  const auto row = table_.find_by_arn(arn);
  if (!row || row->account != account) return std::nullopt;
  return provider_of(*row);
}

std::optional<OidcProvider> OidcProviders::find(std::string_view account, std::string_view issuer) {
  const auto row = table_.find(account, issuer);
  return row ? std::optional(provider_of(*row)) : std::nullopt;
}

bool OidcProviders::update(std::string_view account, std::string_view issuer,
                           const std::function<void(OidcProvider&)>& change) {
  const auto updated = table_.update(account, issuer, [&](EntityRow& row) {
    OidcProvider provider = provider_of(row);
    change(provider);
    row.body = body_of(provider);
  });
  return updated.has_value();
}

bool OidcProviders::remove(std::string_view account, std::string_view issuer) {
  return table_.remove(account, issuer, [](const EntityRow&) {});
}

std::vector<OidcProvider> OidcProviders::list(std::string_view account) {
  std::vector<OidcProvider> providers;
  for (const EntityRow& row : table_.list(account, "/", "", kAll)) {
    providers.push_back(provider_of(row));
  }
  return providers;
}

}  // namespace clary::identity
