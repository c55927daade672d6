#include <algorithm>

#include "api/access.h"
#include "api/sts/operations.h"
#include "base/arn.h"
#include "base/text.h"
#include "identity/web_token.h"

namespace clary::api::sts {
namespace {

using identity::OidcProvider;
using identity::Principal;
using identity::WebToken;

constexpr std::chrono::minutes kSkew{5};

[[noreturn]] void invalid_token(std::string message) {
  throw wire::ApiError("InvalidIdentityToken", std::move(message));
}

// What the provider vouches for, once signature and times are right.
struct WebIdentity {
  OidcProvider provider;
  std::string issuer;  // as in the token, with https://
  std::string subject, audience;
};

// The numeric date of a claim (RFC 7519): seconds, perhaps with a fraction.
std::optional<Timestamp> time_of(const json::object& claims, std::string_view name) {
  const auto seconds = find_double(claims, name);
  if (!seconds || !(*seconds > -1e12 && *seconds < 1e12)) return std::nullopt;
  return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000)));
}

void check_times(const json::object& claims, Timestamp now) {
  const auto expires = time_of(claims, "exp"), issued = time_of(claims, "iat"),
             begins = time_of(claims, "nbf");
  if (!expires || !issued) invalid_token("Missing a required claim: exp and iat");
  if (*expires <= now) {
    throw wire::ApiError("ExpiredTokenException",
                         "Token expired: current date/time " + iso8601(now) +
                             " must be before the expiration date/time " + iso8601(*expires),
                         400);
  }
  if (*issued > now + kSkew || (begins && *begins > now + kSkew)) {
    invalid_token("Token is not valid yet: check the clocks of its issuer and of this server");
  }
}

std::string audience_in(const WebToken& token, const OidcProvider& provider) {
  std::vector<std::string> audiences;
  // The party a token was made for stands in azp when aud has more than one.
  if (const auto party = find_string(token.claims, "azp")) {
    audiences.emplace_back(*party);
  } else if (const auto one = find_string(token.claims, "aud")) {
    audiences.emplace_back(*one);
  } else if (const json::array* const list = find_array(token.claims, "aud")) {
    for (const json::value& each : *list) {
      if (each.is_string()) audiences.emplace_back(each.get_string());
    }
  }
  for (std::string& audience : audiences) {
    if (std::ranges::find(provider.client_ids, audience) != provider.client_ids.end()) {
      return std::move(audience);
    }
  }
  invalid_token("Incorrect token audience");
}

WebIdentity identity_in(const StsStores& stores, const json::object& input,
                        std::string_view account, Timestamp now) {
  constexpr std::string_view kScheme = "https://";
  const auto token = identity::parse_web_token(string_or(input, "WebIdentityToken"));
  if (!token) {
    invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
        "Token)");
  }
  WebIdentity result;
  result.issuer = string_or(token->claims, "iss");
  std::string_view issuer = result.issuer;
  if (issuer.starts_with(kScheme)) issuer.remove_prefix(kScheme.size());
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  auto provider = stores.providers.find(account, issuer);
  if (!provider) {
    invalid_token("No OpenIDConnect provider found in your account for " + result.issuer);
  }
  if (provider->jwks.empty()) {
    throw wire::ApiError("IDPCommunicationError",
                         "The keys of " + result.issuer +
                             " are not known here. The server asks no other host for them: give "
                             "them with `clary oidc keys`.",
                         400);
  }
  if (!identity::signed_by(*token, provider->jwks)) {
    invalid_token("Couldn't verify the signature of the ID Token with the keys of " +
                  result.issuer);
  }
  check_times(token->claims, now);
  result.subject = string_or(token->claims, "sub");
  if (result.subject.empty()) invalid_token("Missing a required claim: sub");
  result.audience = audience_in(*token, *provider);
  result.provider = *std::move(provider);
  return result;
}

// The claim "https://aws.amazon.com/tags", as STS's user guide describes it for OIDC.
void tags_in_token(SessionRequest& session, std::string_view token) {
  const auto parsed = identity::parse_web_token(token);
  const json::object* const claim = find_object(parsed->claims, "https://aws.amazon.com/tags");
  if (claim == nullptr) return;
  std::map<std::string, std::string> tags;
  std::vector<std::string> transitive;
  if (const json::object* const given = find_object(*claim, "principal_tags")) {
    for (const auto& [key, value] : *given) {
      if (value.is_array() && value.get_array().size() == 1 && value.get_array()[0].is_string()) {
        tags.emplace(key, value.get_array()[0].get_string());
      } else if (value.is_string()) {
        tags.emplace(key, value.get_string());
      } else {
        invalid_token("The tags of the ID Token are not as documented: each has one value");
      }
    }
  }
  if (const json::array* const keys = find_array(*claim, "transitive_tag_keys")) {
    for (const json::value& key : *keys) {
      if (key.is_string()) transitive.emplace_back(key.get_string());
    }
  }
  set_tags(session, std::move(tags), std::move(transitive));
}

}  // namespace

json::object assume_role_with_web_identity(const StsStores& stores, const json::object& input,
                                           Call& call) {
  const std::string role_arn = string_or(input, "RoleArn");
  const auto arn = parse_arn(role_arn);
  const WebIdentity who = identity_in(stores, input, arn ? arn->account : "", call.now);
  const auto denied = [] {
    throw wire::ApiError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                         403);
  };
  const auto role = stores.roles.find_by_arn(role_arn);
  const auto trust = role ? identity::parse_policy(role->trust_policy, identity::PolicyKind::kTrust)
                          : std::unexpected(std::string());
  if (!trust) denied();
  SessionRequest session = session_in(stores, input, role->account);
  tags_in_token(session, string_or(input, "WebIdentityToken"));

  Principal caller;
  caller.kind = Principal::Kind::kWebIdentity;
  caller.account = role->account;
  caller.arn = who.provider.arn;
  const std::string prefix = to_lower(who.provider.issuer) + ":";
  caller.session_context[prefix + "sub"] = who.subject;
  caller.session_context[prefix + "aud"] = who.audience;
  caller.session_context["aws:federatedprovider"] = who.provider.arn;
  const auto policy = std::make_shared<const identity::Policy>(*trust);
  const auto require = [&](std::string action) {
    const auto verdict = call.authorizer.decide(caller, {.action = std::move(action),
                                                         .resource = role_arn,
                                                         .resource_account = role->account,
                                                         .context = context_of(input, session),
                                                         .more_context = {},
                                                         .resource_policy = policy,
                                                         .resource_policy_required = true});
    if (!verdict.allowed) denied();
  };
  require("sts:AssumeRoleWithWebIdentity");
  if (!session.tags.empty()) require("sts:TagSession");
  Principal principal =
      role_principal(*role, string_or(input, "RoleSessionName"), session, call.now);
  principal.session_context.insert(caller.session_context.begin(), caller.session_context.end());
  const auto key = stores.credentials.create_session(principal, role_duration(input, *role));
  json::object output = role_session_out(key, session);
  output["SubjectFromWebIdentityToken"] = who.subject;
  output["Audience"] = who.audience;
  output["Provider"] = who.provider.arn;
  return output;
}

}  // namespace clary::api::sts
